import {
  type Adapter,
  type AdapterContext,
  type Address,
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
  type WireMessage,
} from "@waybill/core";
import type { Connection } from "./connection.ts";
import { depthOf } from "./depth.ts";
import { Incarnations } from "./incarnations.ts";
import { isSharded } from "./lanes.ts";
import { Ladder } from "./ladder.ts";
import { walk } from "./letters.ts";
import { Link } from "./link.ts";
import { Lock } from "./lock.ts";
import { Management } from "./management.ts";
import { manifestOf } from "./manifest.ts";
import { Outbox } from "./outbox.ts";
import { QueueReceiver } from "./receiver.ts";
import { Refill } from "./refill.ts";
import { Routes } from "./routes.ts";
import type { Shared } from "./shared.ts";
import { ShardedReceiver } from "./sharded-receiver.ts";
import { Topology } from "./topology.ts";
import { type Settings, settingsOf } from "./url.ts";

/** `amqp:` and `amqps:` (TLS) keep everything in the quorum queues of a RabbitMQ server or cluster, 3.10 or later. */
export const rabbitmq: Adapter = {
  name: "rabbitmq",
  schemes: ["amqp:", "amqps:"],
  async connect(url, context) {
    const transport = new RabbitTransport(settingsOf(url, context.options), context);
    await transport.open();
    return transport;
  },
};

class RabbitTransport implements Transport {
  readonly outbound: Transport["outbound"] = { depth: 10, maxBatch: 100 };
  readonly #settings: Settings;
  readonly #publishing: Link;
  readonly #consuming: Link;
  readonly #receivers = new Set<Receiver>();
  readonly #shared: Shared;
  readonly #management: Management | undefined;
  readonly #incarnations: Incarnations;

  constructor(settings: Settings, context: AdapterContext) {
    this.#settings = settings;
    this.#management = settings.management && new Management(settings.management, settings);
    this.#publishing = new Link({ role: "publish", settings, context });
    this.#consuming = new Link({ role: "consume", settings, context });
    const { namespace } = context;
    const verify = context.topology === "verify";
    const routes = new Routes(namespace);
    const ladder = new Ladder(namespace, verify);
    const incarnations = new Incarnations(context.clock);
    this.#incarnations = incarnations;
    const lock = new Lock(context);
    const outbox = new Outbox({
      link: this.#publishing,
      context,
      routes,
      ladder,
      incarnations,
      patienceMs: settings.commandTimeoutMs,
    });
    this.#shared = {
      settings,
      context,
      routes,
      lock,
      outbox,
      consuming: this.#consuming,
      topology: new Topology({
        incarnations,
        refill: new Refill({ ...settings, context, incarnations, lock, outbox }),
        clock: context.clock,
        namespace,
        verify,
        routes,
        sweepMs: settings.sweepMs,
      }),
    };
  }

  async open(): Promise<void> {
    try {
      await this.#publishing.start();
      await this.#consuming.start();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  supports(shape: Shape): Manifest {
    return manifestOf(shape, this.#settings);
  }

  async declare(places: readonly Place[]): Promise<void> {
    for (const place of places) await this.#ask((connection) => this.#shared.topology.declare(connection, place));
  }

  async remove(place: Place): Promise<void> {
    await this.#ask((connection) => this.#shared.topology.remove(connection, place));
  }

  send(to: Address, messages: readonly WireMessage[], { deadline }: SendOptions): Promise<readonly SendResult[]> {
    return this.#shared.outbox.send(to, messages, deadline);
  }

  async receive(inbox: Inbox, flow: Flow, sink: Sink): Promise<Receiver> {
    const closed = (gone: Receiver): void => void this.#receivers.delete(gone);
    const options = { inbox, flow, sink, shared: this.#shared, closed };
    const receiver = isSharded(inbox) ? new ShardedReceiver(options) : new QueueReceiver(options);
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
    const asked = {
      inbox,
      base: this.#shared.routes.baseOf(inbox),
      management: this.#management,
      incarnations: this.#incarnations,
    };
    return this.#ask((connection) => depthOf(connection, asked));
  }

  async walk(inbox: Inbox, visit: Visit, signal: AbortSignal): Promise<void> {
    await walk({ inbox, base: this.#shared.routes.baseOf(inbox), shared: this.#shared, visit, signal });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#receivers].map((receiver) => receiver.close()));
    await Promise.all([this.#publishing.close(), this.#consuming.close()]);
  }

  /** Runs what may be done twice, again where its connection is lost, with a bound. */
  async #ask<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const { context, settings } = this.#shared;
    const deadline = context.clock.now() + 3 * settings.commandTimeoutMs;
    for (;;) {
      const connection = await this.#ready(deadline);
      try {
        return await work(connection);
      } catch (thrown) {
        if (connection.over === undefined || context.clock.now() >= deadline) throw thrown;
      }
    }
  }

  /** A connection on which things are declared and looked at: either will do. */
  async #ready(deadline: number): Promise<Connection> {
    const both = [this.#consuming, this.#publishing];
    const open = both.find((link) => link.connection !== undefined)?.connection;
    if (open !== undefined) return open;
    const consuming = this.#consuming.ready(deadline);
    return Promise.any([consuming, this.#publishing.ready(deadline)]).catch(() => consuming);
  }
}
