import { type AdapterContext, type SendResult, toWaybillError, WaybillError } from "@waybill/core";
import type { ConfirmChannel, Message } from "amqplib";
import { openConfirming } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { Flight } from "./flight.ts";
import type { Link } from "./link.ts";
import type { Packet } from "./wire.ts";

/** What amqplib's channel has below `publish`, which would make an object and a closure for each message. */
interface Raw {
  sendMessage(fields: object, properties: object, content: Buffer): boolean;
}

/**
 * One channel on which messages are published in order and confirmed. When it ends, what is under way is unknown, and the next
 * messages go through a new one.
 */
export class Publisher {
  readonly #link: Link;
  readonly #context: AdapterContext;
  #outlet: Promise<Outlet> | undefined;

  constructor(link: Link, context: AdapterContext) {
    this.#link = link;
    this.#context = context;
  }

  /** One result each, in order. Never rejects, and settles by `deadline` (epoch ms). */
  async send(packets: readonly Packet[], deadline: number): Promise<readonly SendResult[]> {
    let results: readonly SendResult[];
    try {
      results = await this.#fly(await this.#open(deadline), packets, deadline);
    } catch (thrown) {
      return packets.map(() => refused(thrown));
    }
    return results.some(isSuspect) ? this.#sendSuspects(packets, results, deadline) : results;
  }

  async #fly(outlet: Outlet, packets: readonly Packet[], deadline: number): Promise<readonly SendResult[]> {
    const flight = outlet.send(packets);
    const { clock } = this.#context;
    const late = (): void =>
      flight.end(new WaybillError("UNAVAILABLE", "rabbitmq: the server has not confirmed it in time"));
    const cancel = deadline === Infinity ? undefined : clock.after(Math.max(deadline - clock.now(), 0), late);
    const results = await flight.done;
    cancel?.();
    return results;
  }

  /**
   * The server refuses a message, too large or not allowed, by ending the channel, and does not say which one it was. Alone on a channel
   * each shows it, so that the others are not harmed (PUB-5).
   */
  async #sendSuspects(
    packets: readonly Packet[],
    results: readonly SendResult[],
    deadline: number,
  ): Promise<readonly SendResult[]> {
    const found = [...results];
    let outlet: Outlet | undefined;
    for (const [index, packet] of packets.entries()) {
      if (!isSuspect(results[index])) continue;
      try {
        if (outlet === undefined || outlet.isOver)
          outlet = await Outlet.open(await this.#link.writable(deadline), () => undefined);
        const [result = "stored"] = await this.#fly(outlet, [packet], deadline);
        found[index] = isSuspect(result) ? refused(result.error) : result;
      } catch (thrown) {
        // What it was before is as unknown, and not for what it is itself.
        found[index] = { outcome: "unknown", error: toWaybillError(thrown, "UNAVAILABLE") };
      }
    }
    await outlet?.close();
    return found;
  }

  async #open(deadline: number): Promise<Outlet> {
    const connection = await this.#link.writable(deadline);
    if (this.#outlet === undefined) {
      const opening: Promise<Outlet> = Outlet.open(connection, () => {
        if (this.#outlet === opening) this.#outlet = undefined;
      });
      this.#outlet = opening;
      opening.catch(() => {
        if (this.#outlet === opening) this.#outlet = undefined;
      });
    }
    return this.#outlet;
  }
}

/** A channel, and what was written to it and has no answer yet. */
class Outlet {
  readonly #channel: ConfirmChannel;
  readonly #raw: Raw;
  /** Oldest first. */
  #flights: Flight[] = [];
  #packets = new Map<Flight, readonly Packet[]>();
  #next = 1;
  #over: WaybillError | undefined;

  private constructor(channel: ConfirmChannel) {
    this.#channel = channel;
    this.#raw = channel as unknown as Raw;
    channel.on("ack", ({ deliveryTag, multiple }) => this.#answered(deliveryTag, multiple, undefined));
    channel.on("nack", ({ deliveryTag, multiple }) => this.#answered(deliveryTag, multiple, refusedToStore));
    channel.on("return", (message) => this.#returned(message));
  }

  static async open(connection: Connection, closed: () => void): Promise<Outlet> {
    let early: WaybillError | undefined;
    let tell = (why: WaybillError): void => void (early = why);
    const channel = await openConfirming(connection, (why) => {
      tell(why);
      closed();
    });
    const outlet = new Outlet(channel);
    outlet.#over = early;
    tell = (why) => outlet.#end(why);
    return outlet;
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  async close(): Promise<void> {
    if (!this.isOver) await this.#channel.close().catch(() => undefined);
  }

  send(packets: readonly Packet[]): Flight {
    const refused: (readonly [index: number, error: WaybillError])[] = [];
    const flight = new Flight(this.#next, packets.length);
    this.#flights.push(flight);
    this.#packets.set(flight, packets);
    for (const [index, packet] of packets.entries()) {
      const error = this.#write(packet);
      if (error !== undefined) refused.push([index, error]);
    }
    return refused.length === 0 ? flight : this.#without(flight, packets, refused);
  }

  /** Messages that were not written have no number on the channel, so the flight is told anew. */
  #without(flight: Flight, packets: readonly Packet[], refused: readonly (readonly [number, WaybillError])[]): Flight {
    const errors = new Map(refused);
    const written = packets.filter((_, index) => !errors.has(index));
    this.#forget(flight);
    const inner = new Flight(flight.first, written.length);
    if (written.length > 0) {
      this.#flights.push(inner);
      this.#packets.set(inner, written);
    }
    const outer = new Flight(0, packets.length);
    const places = [...packets.keys()].filter((index) => !errors.has(index));
    for (const [index, error] of errors) outer.settle(index, { outcome: "refused", error });
    const told = (results: readonly SendResult[]): void => {
      for (const [index, place] of places.entries()) outer.settle(place, results[index]);
    };
    if (written.length > 0) void inner.done.then(told);
    return outer;
  }

  #write(packet: Packet): WaybillError | undefined {
    if (this.#over !== undefined) return this.#over;
    try {
      this.#raw.sendMessage(packet, packet, packet.body);
      this.#next += 1;
      return undefined;
    } catch (thrown) {
      return notWritten(thrown);
    }
  }

  #answered(tag: number, multiple: boolean, result: SendResult | undefined): void {
    for (const flight of this.#flights) {
      if (flight.first > tag) break;
      if (multiple) flight.settleTo(tag, result);
      else if (tag <= flight.last) flight.settle(tag, result);
    }
    while (this.#flights[0]?.isOver === true) this.#packets.delete(this.#flights.shift() as Flight);
  }

  /** It comes before the confirmation of the same message. */
  #returned({ fields, properties }: Message): void {
    const { routingKey } = fields;
    const messageId: unknown = properties.messageId;
    const error = new WaybillError("NO_ROUTE", `rabbitmq: there is no queue "${routingKey}"`);
    for (const [flight, packets] of this.#packets) {
      for (const [index, packet] of packets.entries())
        if (packet.mandatory && packet.routingKey === routingKey && packet.messageId === messageId)
          flight.mark(flight.first + index, { outcome: "refused", error });
    }
  }

  #forget(flight: Flight): void {
    this.#flights = this.#flights.filter((one) => one !== flight);
    this.#packets.delete(flight);
  }

  #end(why: WaybillError): void {
    this.#over = why;
    for (const flight of this.#flights.splice(0)) flight.end(why);
    this.#packets.clear();
  }
}

type Unstored = Exclude<SendResult, "stored">;

/** Whether it may be for this message that the server has ended the channel. */
function isSuspect(result: SendResult | undefined): result is Unstored {
  return result !== undefined && result !== "stored" && result.outcome === "unknown" && !result.error.transient;
}

function refused(thrown: unknown): Unstored {
  return { outcome: "refused", error: toWaybillError(thrown, "UNAVAILABLE") };
}

const refusedToStore: SendResult = {
  outcome: "unknown",
  error: new WaybillError("UNAVAILABLE", "rabbitmq: a queue did not take it, others may have"),
};

function notWritten(thrown: unknown): WaybillError {
  const { message } = toWaybillError(thrown, "UNAVAILABLE");
  const isLarge = thrown instanceof RangeError || thrown instanceof TypeError;
  if (isLarge) return new WaybillError("TOO_LARGE", `rabbitmq: it cannot be written: ${message}`);
  return new WaybillError("UNAVAILABLE", `rabbitmq: it was not written: ${message}`);
}
