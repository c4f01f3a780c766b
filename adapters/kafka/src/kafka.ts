import {
  type Adapter,
  type AdapterContext,
  type Address,
  addressOf,
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
import { Cluster } from "./cluster.ts";
import { depthOf } from "./depth.ts";
import { type Driver, DriverError, type Session } from "./driver.ts";
import { toError } from "./errors.ts";
import { every } from "./every.ts";
import { kafkajsDriver } from "./kafkajs/driver.ts";
import { Layout } from "./layout.ts";
import { Letters } from "./letters.ts";
import { manifestOf } from "./manifest.ts";
import { Outbox, type Target } from "./outbox.ts";
import { platformaticDriver } from "./platformatic/driver.ts";
import { KafkaReceiver } from "./receiver.ts";
import { Registry } from "./registry.ts";
import { Router } from "./router.ts";
import type { Shared } from "./shared.ts";
import { Sweep } from "./sweep.ts";
import { Topology } from "./topology.ts";
import { type Settings, settingsOf } from "./url.ts";
import { Watch } from "./watch.ts";

/** `kafka:` and `kafkas:` (TLS) keep everything in the topics and consumer groups of a Kafka cluster. */
export const kafka: Adapter = kafkaBy((settings) =>
  settings.driver === "kafkajs" ? kafkajsDriver(settings) : platformaticDriver(settings),
);

/** The same by any driver. */
export function kafkaBy(driverOf: (settings: Settings) => Driver): Adapter {
  return {
    name: "kafka",
    schemes: ["kafka:", "kafkas:"],
    async connect(url, context) {
      const settings = settingsOf(url, context.options);
      const driver = driverOf(settings);
      const session = driver.session(settings.requestTimeoutMs);
      try {
        const { nodes } = await session.view([]);
        await reached(session, nodes);
        return new KafkaTransport({ settings, context, driver, session, brokers: nodes.length });
      } catch (error) {
        await session.close();
        throw error instanceof DriverError && error.kind === "lost"
          ? hungUp(error, settings)
          : toError(error, "to connect");
      }
    },
  };
}

/** So do brokers that are asked in plain where they speak TLS, or before they know who asks. */
function hungUp({ message }: DriverError, { login, tls }: Settings): WaybillError {
  const advice = [
    "the broker has hung up",
    ...(tls === undefined ? ["where it speaks TLS, write kafkas:// in place of kafka://"] : []),
    ...(login === undefined ? ["where it asks for a login, put user and password into the URL"] : []),
  ];
  return new WaybillError("UNAVAILABLE", `kafka: to connect: ${advice.join("; ")} (${message})`);
}

/** Whether one of the brokers is where they say they are, which need not be where the URL leads. @throws WaybillError */
async function reached(session: Session, nodes: readonly number[]): Promise<void> {
  const asked = await Promise.allSettled(nodes.map((node) => session.offsets(node, [])));
  const [failed] = asked.filter((one) => one.status === "rejected");
  if (failed === undefined || asked.some((one) => one.status === "fulfilled")) return;
  const { code, message } = toError(failed.reason, "to connect");
  if (code !== "UNAVAILABLE") throw failed.reason;
  const advice = "the brokers cannot be reached where their advertised.listeners say, though the URL leads to one";
  throw new WaybillError(code, `kafka: ${advice}; set those, or ?tunnel=true for a single broker (${message})`);
}

interface Options {
  readonly settings: Settings;
  readonly context: AdapterContext;
  readonly driver: Driver;
  readonly session: Session;
  readonly brokers: number;
}

class KafkaTransport implements Transport {
  readonly outbound: Transport["outbound"] = { depth: 8, maxBatch: 500 };
  readonly #options: Options;
  readonly #shared: Shared;
  readonly #receivers = new Set<KafkaReceiver>();
  readonly #letters = new Map<string, Letters>();
  #timers: readonly Cancel[];
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
    this.#shared = sharedOf(options);
    this.#shared.outbox.prepare();
    const sweep = new Sweep(this.#shared);
    this.#timers = [
      every(options.context.clock, options.settings.sweepMs, async () => {
        if (await sweep.run()) options.context.report("swept");
      }),
      every(options.context.clock, 1_000, () => this.#probe()),
    ];
  }

  supports(shape: Shape): Manifest {
    return manifestOf(shape, this.#options.settings, this.#options.brokers);
  }

  async declare(places: readonly Place[]): Promise<void> {
    for (const place of places) await this.#shared.topology.declare(place);
  }

  async remove(place: Place): Promise<void> {
    await this.#shared.topology.remove(place);
  }

  async send(to: Address, messages: readonly WireMessage[], { deadline }: SendOptions): Promise<readonly SendResult[]> {
    const { router, outbox } = this.#shared;
    let target: Target;
    try {
      target = await router.target(to);
    } catch (error) {
      const result = { outcome: "refused", error: toError(error, "to publish") } as const;
      return messages.map(() => result);
    }
    const outgoing = messages.map((message) => ({ message }));
    // What is delayed in a queue need not be read first to be set aside.
    const isAside = to.kind === "source" && to.shape.kind === "queue" && !to.shape.ordered;
    if (!isAside || messages.every(({ deliverAt }) => deliverAt === undefined))
      return outbox.send(target, outgoing, deadline);
    const lanes = router.lanes(router.inboxOf(to));
    const sent = outgoing.map((one) =>
      outbox.send(one.message.deliverAt === undefined ? target : lanes, [one], deadline),
    );
    return (await Promise.all(sent)).flat();
  }

  async receive(inbox: Inbox, flow: Flow, sink: Sink): Promise<Receiver> {
    const entry = await this.#shared.topology.entryOf(inbox);
    const closed = (gone: KafkaReceiver): void => void this.#receivers.delete(gone);
    const receiver = new KafkaReceiver({ inbox, entry, flow, sink, shared: this.#shared, closed });
    this.#receivers.add(receiver);
    try {
      await receiver.start();
    } catch (error) {
      await receiver.close();
      throw error;
    }
    return receiver;
  }

  async depth(inbox: Inbox): Promise<Depth> {
    const address = addressOf(inbox);
    const receivers = [...this.#receivers].filter((receiver) => receiver.address === address);
    return depthOf(inbox, { shared: this.#shared, letters: this.#lettersOf(inbox), receivers });
  }

  async walk(inbox: Inbox, visit: Visit, signal: AbortSignal): Promise<void> {
    await this.#shared.topology.entryOf(inbox);
    await this.#lettersOf(inbox).walk(visit, signal);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const cancel of this.#timers) cancel();
    this.#timers = [];
    await Promise.all([...this.#receivers, ...this.#letters.values()].map((one) => one.close()));
    await this.#shared.registry.close();
    await this.#options.session.close();
  }

  #lettersOf(inbox: Inbox): Letters {
    const address = addressOf(inbox);
    const letters = this.#letters.get(address) ?? new Letters(inbox, this.#shared);
    this.#letters.set(address, letters);
    return letters;
  }

  /** While no broker answers, whether one does by now. */
  async #probe(): Promise<void> {
    if (!this.#shared.watch.isDown) return;
    await this.#options.session.view([]);
    this.#shared.watch.worked();
  }
}

function sharedOf({ settings, context, driver, session, brokers }: Options): Shared {
  const { clock, namespace } = context;
  const cluster = new Cluster(session, clock, settings.refreshMs);
  const watch = new Watch((kind, error) => context.report(kind, undefined, error));
  const router = new Router(namespace, cluster);
  const layout = new Layout(namespace, settings, brokers);
  const boundMs = 3 * settings.requestTimeoutMs;
  const openTail = (): Session => driver.session(settings.requestTimeoutMs);
  const registry = new Registry({ topic: layout.registry(), session, openTail, cluster, clock, boundMs });
  const { random, backoff } = context;
  const outbox = new Outbox({
    session,
    cluster,
    clock,
    random,
    backoff,
    watch,
    maxMessageBytes: settings.maxMessageBytes,
  });
  const topology = new Topology({ context, session, cluster, registry, layout, router, boundMs });
  return { settings, context, driver, session, cluster, registry, router, outbox, topology, watch };
}
