import { type AdapterContext, Alarm, type SendResult, toWaybillError, WaybillError } from "@waybill/core";
import type { ConfirmChannel, Message } from "amqplib";
import { closeChannel, openConfirming } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { Flight } from "./flight.ts";
import type { Packet } from "./wire.ts";

/** What amqplib's channel has below `publish`, which would make an object and a closure for each message. */
interface Raw {
  sendMessage(fields: object, properties: object, content: Buffer): boolean;
}

export interface OutletOptions {
  readonly context: AdapterContext;
  /** After how long without any answer a channel is given up, ms. */
  readonly patienceMs: number;
}

/** A channel, and what was written to it and has no answer yet. */
export class Outlet {
  readonly #channel: ConfirmChannel;
  readonly #raw: Raw;
  readonly #watchdog: Alarm;
  readonly #options: OutletOptions;
  /** Oldest first. */
  #flights: Flight[] = [];
  #packets = new Map<Flight, readonly Packet[]>();
  #next = 1;
  #over: WaybillError | undefined;
  #answeredAt = 0;
  /** Told that it is given up. */
  #given: () => void = () => undefined;

  private constructor(channel: ConfirmChannel, connection: Connection, options: OutletOptions) {
    this.#channel = channel;
    this.#raw = channel as unknown as Raw;
    this.#options = options;
    this.#watchdog = new Alarm(options.context.clock, () => this.#look(channel, connection));
    channel.on("ack", ({ deliveryTag, multiple }) => this.#answered(deliveryTag, multiple, undefined));
    channel.on("nack", ({ deliveryTag, multiple }) => this.#answered(deliveryTag, multiple, refusedToStore));
    channel.on("return", (message) => this.#returned(message));
  }

  static async open(connection: Connection, options: OutletOptions, closed: () => void): Promise<Outlet> {
    let early: WaybillError | undefined;
    let tell = (why: WaybillError): void => void (early = why);
    const channel = await openConfirming(connection, (why) => tell(why));
    const outlet = new Outlet(channel, connection, options);
    tell = (why) => {
      outlet.#end(why);
      closed();
    };
    outlet.#given = closed;
    if (early !== undefined) tell(early);
    return outlet;
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  async close(): Promise<void> {
    if (!this.isOver) await closeChannel(this.#channel);
  }

  send(packets: readonly Packet[]): Flight {
    const refused: (readonly [index: number, error: WaybillError])[] = [];
    const flight = new Flight(this.#next, packets.length);
    if (this.#flights.length === 0) this.#answeredAt = this.#now;
    this.#watchdog.set(this.#answeredAt + this.#options.patienceMs);
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

  get #now(): number {
    return this.#options.context.clock.now();
  }

  /** A server may take messages for a queue that it cannot bring up, and never answer; a new channel finds it when it can. */
  #look(channel: ConfirmChannel, connection: Connection): void {
    if (this.#flights.length === 0 || this.#over !== undefined) return;
    const silentMs = this.#now - this.#answeredAt;
    if (silentMs < this.#options.patienceMs || connection.blocked !== undefined) {
      this.#watchdog.set(this.#now + Math.max(this.#options.patienceMs - silentMs, 100));
      return;
    }
    this.#end(new WaybillError("UNAVAILABLE", `rabbitmq: nothing was confirmed for ${Math.round(silentMs)} ms`));
    // It may never answer to its end either.
    this.#given();
    void closeChannel(channel);
  }

  #answered(tag: number, multiple: boolean, result: SendResult | undefined): void {
    this.#answeredAt = this.#now;
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
    this.#watchdog.clear();
    this.#over = why;
    for (const flight of this.#flights.splice(0)) flight.end(why);
    this.#packets.clear();
  }
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
