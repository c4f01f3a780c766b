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
  Supervisor,
  type Transport,
  type Visit,
  type WaybillError,
  type WireMessage,
} from "@waybill/core";
import { Calls } from "./calls.ts";
import { type Client, openBlocking } from "./client.ts";
import { Confirmations } from "./confirmations.ts";
import { depthOf } from "./depth.ts";
import { walk } from "./letters.ts";
import { manifestOf } from "./manifest.ts";
import { Outbox } from "./outbox.ts";
import { RedisReceiver } from "./receiver.ts";
import { Routes } from "./routes.ts";
import { openServer, type Terms } from "./server.ts";
import type { Shared } from "./shared.ts";
import { Topology } from "./topology.ts";
import { type Settings, settingsOf } from "./url.ts";

/** `redis:` and `rediss:` (TLS) keep everything in the streams of a Redis or Valkey server, its sentinels or its cluster. */
export const redis: Adapter = {
  name: "redis",
  schemes: ["redis:", "rediss:"],
  async connect(url, context) {
    const transport = new RedisTransport(settingsOf(url, context.options), context);
    await transport.open();
    return transport;
  },
};

class RedisTransport implements Transport {
  readonly outbound: Transport["outbound"] = { depth: 8, maxBatch: 128 };
  readonly #settings: Settings;
  readonly #context: AdapterContext;
  readonly #supervisor: Supervisor<Client>;
  readonly #receivers = new Set<RedisReceiver>();
  readonly #topology: Topology;
  #terms: Terms | undefined;
  #shared: Shared | undefined;
  #timers: readonly Cancel[] = [];

  constructor(settings: Settings, context: AdapterContext) {
    this.#settings = settings;
    this.#context = context;
    this.#topology = new Topology(context.namespace, context.topology === "verify", settings.leaseMs);
    this.#supervisor = new Supervisor<Client>({
      open: (generation) => this.#open(generation),
      end: (client) => client.close(),
      clock: context.clock,
      backoff: context.backoff,
      report: (kind, error) => context.report(kind, undefined, error),
    });
  }

  async open(): Promise<void> {
    const client = await this.#supervisor.start();
    try {
      await this.#topology.checkVersion(client);
    } catch (error) {
      await this.#supervisor.close();
      throw error;
    }
    const { leaseMs } = this.#settings;
    this.#timers = [
      this.#every(leaseMs / 3, (up) => this.#renew(up)),
      this.#every(leaseMs / 2, (up) => this.#sweep(up)),
    ];
  }

  supports(shape: Shape): Manifest {
    return manifestOf(shape, this.#settings, this.#terms?.durability ?? "none");
  }

  async declare(places: readonly Place[]): Promise<void> {
    const shared = this.#use();
    for (const place of places) {
      await shared.ask((client) => this.#topology.declare(client, place));
      // Each step has a bound, not all of a long replay.
      if (place.kind === "inbox") while (await shared.ask((client) => this.#topology.catchUp(client, place.inbox)));
    }
  }

  async remove(place: Place): Promise<void> {
    await this.#use().ask((client) => this.#topology.remove(client, place));
  }

  async send(to: Address, messages: readonly WireMessage[], { deadline }: SendOptions): Promise<readonly SendResult[]> {
    const result = await this.#use().outbox.send(to, messages, deadline);
    return messages.map(() => result);
  }

  async receive(inbox: Inbox, flow: Flow, sink: Sink): Promise<Receiver> {
    const closed = (gone: RedisReceiver): void => void this.#receivers.delete(gone);
    const receiver = new RedisReceiver({ inbox, flow, sink, shared: this.#use(), closed });
    try {
      await receiver.start();
    } catch (error) {
      await receiver.close();
      throw error;
    }
    this.#receivers.add(receiver);
    return receiver;
  }

  async depth(inbox: Inbox): Promise<Depth> {
    return this.#use().ask((client) => depthOf(client, inbox, this.#topology.baseOf(inbox)));
  }

  async walk(inbox: Inbox, visit: Visit, signal: AbortSignal): Promise<void> {
    await walk({ inbox, base: this.#topology.baseOf(inbox), shared: this.#use(), visit, signal });
  }

  async close(): Promise<void> {
    for (const cancel of this.#timers) cancel();
    this.#timers = [];
    await Promise.all([...this.#receivers].map((receiver) => receiver.close()));
    await this.#supervisor.close();
  }

  async #open(generation: number): Promise<Client> {
    const onLost = (error: WaybillError): void => this.#supervisor.lost(generation, error);
    const { client, terms } = await openServer(this.#settings, { onLost });
    // What was promised at first is what holds (CAP-1).
    this.#terms ??= terms;
    return client;
  }

  #use(): Shared {
    this.#shared ??= this.#share();
    return this.#shared;
  }

  #share(): Shared {
    const [settings, context, supervisor, topology] = [this.#settings, this.#context, this.#supervisor, this.#topology];
    const isCluster = settings.kind === "cluster";
    const confirm = this.#terms?.confirm;
    const timeoutMs = settings.commandTimeoutMs / 2;
    const confirmations = confirm && new Confirmations({ asked: confirm, timeoutMs, isCluster });
    const calls = new Calls({ supervisor, context, confirmations });
    const routes = new Routes(context.namespace);
    const bound = 3 * settings.commandTimeoutMs;
    return {
      settings,
      context,
      topology,
      calls,
      isCluster,
      outbox: new Outbox({ namespace: context.namespace, calls, routes, isCluster }),
      ask: (work) => calls.ask(context.clock.now() + bound, work),
      openBlocking: (key) => openBlocking(settings, key),
      async unblock(id, key) {
        await supervisor.connection?.command("CLIENT", ["UNBLOCK", id], key);
      },
    };
  }

  /** Again and again while the connection is up, one run after the other. */
  #every(ms: number, work: (client: Client) => Promise<void>): Cancel {
    const { clock } = this.#context;
    let isOver = false;
    let cancel: Cancel = () => undefined;
    const round = async (): Promise<void> => {
      try {
        const { connection } = this.#supervisor;
        if (connection !== undefined) await work(connection);
      } catch {
        // The connection is lost, or it is tried again the next time.
      }
      if (!isOver) cancel = clock.after(ms, () => void round());
    };
    cancel = clock.after(ms, () => void round());
    return () => {
      isOver = true;
      cancel();
    };
  }

  async #renew(client: Client): Promise<void> {
    await Promise.all([...this.#receivers].map((receiver) => receiver.renew(client)));
  }

  async #sweep(client: Client): Promise<void> {
    const sweeps = [this.#topology, ...this.#receivers].map((one) => one.sweep(client));
    // One that fails, for what somebody did to its keys, must not keep back the others.
    const found = (await Promise.allSettled(sweeps)).filter((one) => one.status === "fulfilled" && one.value > 0);
    if (found.length > 0) this.#context.report("swept");
  }
}
