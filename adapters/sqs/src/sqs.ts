import {
  type Adapter,
  type AdapterContext,
  type Address,
  type Cancel,
  type Depth,
  type Flow,
  type Inbox,
  type Manifest,
  type Place,
  type Receiver,
  type SendOptions,
  type SendResult,
  type Shape,
  type Sink,
  type Transport,
  type Visit,
  WaybillError,
  type WireMessage,
} from "@waybill/core";
import { Api } from "./api.ts";
import { clientsOf } from "./clients.ts";
import { depthOf } from "./depth.ts";
import { markSeen, sweep } from "./ephemerals.ts";
import { errorOf, Gate, RequestError } from "./gate.ts";
import { Letters } from "./letters.ts";
import { manifestOf } from "./manifest.ts";
import { prefixOf } from "./names.ts";
import { Outbox } from "./outbox.ts";
import { policyOf } from "./policy.ts";
import { Pulse } from "./pulse.ts";
import { SqsReceiver } from "./receiver.ts";
import { Router } from "./router.ts";
import type { Shared } from "./shared.ts";
import { Topology } from "./topology.ts";
import { type Settings, settingsOf } from "./url.ts";

/** `sqs://region`: queues of SQS, and topics of SNS where it is to be had. */
export const sqs: Adapter = {
  name: "sqs",
  schemes: ["sqs:"],
  permissions: policyOf,
  async connect(url, context) {
    const settings = settingsOf(url, context.options);
    if (settings.account !== undefined && context.topology === "create")
      throw new WaybillError("CONFIG", 'sqs: nothing can be made in another account; connect with topology: "verify"');
    const api = new Api(clientsOf(settings), new Gate(context, settings.requestTimeoutMs));
    try {
      const hasTopics = await look(api, context, settings);
      return new SqsTransport(api, settings, { ...context, hasTopics });
    } catch (thrown) {
      api.close();
      throw errorOf(thrown);
    }
  },
};

/** Whether we are let in, and whether there is SNS. */
async function look(api: Api, { namespace }: AdapterContext, { sns }: Settings): Promise<boolean> {
  await api.queuesOf(prefixOf(namespace));
  if (sns === false) return false;
  try {
    await api.topics();
    return true;
  } catch (thrown) {
    if (sns === "auto" && thrown instanceof RequestError && isAbsent(thrown.error)) return false;
    throw thrown;
  }
}

/** What answers is something else than SNS. */
function isAbsent({ code }: WaybillError): boolean {
  return code === "UNSUPPORTED" || code === "CONFIG" || code === "MISSING";
}

class SqsTransport implements Transport {
  readonly outbound: Transport["outbound"] = { depth: 8, maxBatch: 100 };
  readonly #shared: Shared;
  readonly #hasTopics: boolean;
  readonly #router: Router;
  readonly #letters: Letters;
  readonly #receivers = new Map<SqsReceiver, Inbox>();
  readonly #timers: readonly Cancel[];
  #isClosed = false;

  constructor(api: Api, settings: Settings, context: AdapterContext & { readonly hasTopics: boolean }) {
    const { namespace, hasTopics, clock } = context;
    const topology = new Topology({ api, settings, namespace, verify: context.topology === "verify", hasTopics });
    const router = new Router(topology, namespace, hasTopics);
    const outbox = new Outbox(api, () => clock.now());
    const pulse = new Pulse(clock, settings.leaseMs);
    this.#hasTopics = hasTopics;
    this.#router = router;
    this.#shared = { settings, context, api, topology, outbox, pulse, route: (to) => router.targetOf(to) };
    this.#letters = new Letters(this.#shared);
    this.#timers = [
      this.#every(settings.leaseMs / 6, () => this.#renew()),
      this.#every(settings.sweepMs / 4, () => this.#sweep()),
    ];
  }

  supports(shape: Shape): Manifest {
    return manifestOf(shape, this.#shared.settings, this.#hasTopics);
  }

  declare(places: readonly Place[]): Promise<void> {
    return told(async () => {
      for (const place of places) {
        this.#router.forget(place);
        await this.#shared.topology.declare(place);
      }
    });
  }

  remove(place: Place): Promise<void> {
    return told(async () => {
      this.#router.forget(place);
      await this.#shared.topology.remove(place);
    });
  }

  async send(to: Address, messages: readonly WireMessage[], { deadline }: SendOptions): Promise<readonly SendResult[]> {
    return this.#router.send(to, messages, (target, batch) =>
      this.#shared.outbox.send(
        target,
        batch.map((message) => ({ message })),
        deadline,
      ),
    );
  }

  async receive(inbox: Inbox, flow: Flow, sink: Sink): Promise<Receiver> {
    const { levels } = await told(() => this.#shared.topology.queuesOf(inbox));
    const closed = (gone: SqsReceiver): void => void this.#receivers.delete(gone);
    const receiver = new SqsReceiver({ inbox, flow, sink, levels, shared: this.#shared, closed });
    this.#receivers.set(receiver, inbox);
    receiver.start();
    return receiver;
  }

  depth(inbox: Inbox): Promise<Depth> {
    return told(() => depthOf(this.#shared.api, this.#shared.topology, inbox));
  }

  walk(inbox: Inbox, visit: Visit, signal: AbortSignal): Promise<void> {
    return this.#letters.walk({ inbox, visit, signal }).catch((thrown: unknown) => {
      throw thrown instanceof RequestError ? thrown.error : thrown;
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all([...this.#receivers.keys()].map((receiver) => receiver.close()));
    for (const cancel of this.#timers) cancel();
    this.#shared.pulse.stop();
    this.#shared.api.close();
  }

  /** Again and again, one run after the other. */
  #every(ms: number, work: () => Promise<void>): Cancel {
    const { clock } = this.#shared.context;
    let isOver = false;
    let cancel: Cancel = () => undefined;
    const round = async (): Promise<void> => {
      try {
        await work();
      } catch {
        // It is tried again the next time.
      }
      if (!isOver) cancel = clock.after(ms, () => void round());
    };
    cancel = clock.after(ms, () => void round());
    return () => {
      isOver = true;
      cancel();
    };
  }

  async #renew(): Promise<void> {
    await Promise.all([...this.#receivers.keys()].map((receiver) => receiver.renew()));
  }

  async #sweep(): Promise<void> {
    const ephemeral = [...this.#receivers.values()].filter((inbox) => inbox.ephemeral);
    await Promise.allSettled(ephemeral.map((inbox) => markSeen(this.#shared, inbox)));
    if ((await sweep(this.#shared)) > 0) this.#shared.context.report("swept");
  }
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw errorOf(thrown);
  }
}
