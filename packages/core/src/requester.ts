import { Alarm } from "./alarm.ts";
import type { Call } from "./call.ts";
import type { Clock } from "./clock.ts";
import { decode } from "./cloud-events.ts";
import type { Duration } from "./duration.ts";
import { milliseconds } from "./duration.ts";
import { type ErrorCode, toWaybillError, WaybillError } from "./errors.ts";
import { inboxOf, placesOf } from "./inbox.ts";
import { internal } from "./internal.ts";
import { type Outlets, supported } from "./outlets.ts";
import type { AnyPublishOptions } from "./publish-options.ts";
import { RemoteError } from "./remote-error.ts";
import { type Failure, failureOf, replyId } from "./reply.ts";
import { validate } from "./schema.ts";
import type { Backoff, Delivery, Headers, Manifest, Receiver, Sink, Transport } from "./seam.ts";
import { Settler } from "./settler.ts";

export interface RequestOptions {
  /** How long to wait for the reply. Default `"30s"`. */
  readonly timeout?: Duration | undefined;
  readonly signal?: AbortSignal | undefined;
  /** As of a publish. */
  readonly headers?: Headers | undefined;
  readonly correlationId?: string | undefined;
}

export interface RequesterOptions {
  readonly transport: Transport;
  readonly outlets: Outlets;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly newId: () => string;
}

type AnyCall = Call<unknown, unknown, unknown, unknown>;

interface Pending {
  readonly call: AnyCall;
  readonly deadline: number;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const replies = internal("topic", "replies");
const flow = { window: 1_000, bytes: 64 * 2 ** 20, settle: "after" } as const;

/** The asking side of a bus. All its replies come through one inbox, made with the first request and gone with the bus. */
export class Requester implements Sink {
  readonly #options: RequesterOptions;
  /** What waits for a reply, by the reply's id. */
  readonly #pending = new Map<string, Pending>();
  readonly #alarm: Alarm;
  readonly #settler: Settler;
  #receiver: Promise<Receiver> | undefined;
  #closed = false;

  constructor(options: RequesterOptions) {
    this.#options = options;
    const { clock, backoff } = options;
    this.#alarm = new Alarm(clock, () => this.#expire());
    // A reply that stays in our own inbox for want of an ack harms nobody: it goes with the inbox.
    this.#settler = new Settler({ clock, backoff, done: () => undefined, trouble: () => undefined });
  }

  /** See `Bus.request`. */
  async request(call: AnyCall, data: unknown, options: RequestOptions): Promise<unknown> {
    const { transport, clock, newId } = this.#options;
    const { signal, headers, correlationId } = options;
    const timeout = milliseconds(options.timeout ?? "30s", "timeout");
    canCall(transport, call);
    if (timeout === 0) throw new TypeError("timeout is 0; give how long to wait for the reply");
    if (signal?.aborted === true) throw error("ABORTED", call, "the signal fired before it was sent", signal.reason);
    const deadline = clock.now() + timeout;
    const id = newId();
    const reply = this.#expect(call, replyId(id), deadline);
    const abort = (): void => this.#fail(id, error("ABORTED", call, "the signal fired", signal?.reason));
    signal?.addEventListener("abort", abort);
    this.#send(call, data, { id, headers, correlationId, signal }, deadline).catch((thrown: unknown) => {
      // It may have been stored, so that a reply may come.
      if (toWaybillError(thrown, "UNAVAILABLE").code !== "OUTCOME_UNKNOWN") this.#fail(id, thrown);
    });
    return reply.finally(() => signal?.removeEventListener("abort", abort));
  }

  async #send(
    call: AnyCall,
    data: unknown,
    options: AnyPublishOptions & { id: string },
    deadline: number,
  ): Promise<void> {
    const replyTo = await this.#address();
    this.#admit();
    // It has timed out, or was aborted, while the carrier was asked for an address.
    if (!this.#pending.has(replyId(options.id))) return;
    const left = Math.max(1, deadline - this.#options.clock.now());
    // What nobody waits for any more is not worth handling (TTL-1).
    const expiresIn = left === Infinity ? undefined : left;
    const { producer } = this.#options.outlets.of(call.request);
    await producer.publish(data, { ...options, expiresIn, timeout: left, replyTo });
  }

  deliver(batch: readonly Delivery[]): void {
    for (const delivery of batch) {
      this.#settler.add({ delivery, outcome: "ack", sends: [] });
      const pending = this.#take(delivery.id);
      // Nobody waits any more: it came too late, or it came twice.
      if (pending !== undefined) void read(pending.call, delivery).then(pending.resolve, pending.reject);
    }
  }

  lost(): void {
    // What was delivered has been settled or is about to be; should it come again, nobody waits for it.
  }

  /** Rejects what waits with `CLOSED`, and what comes later. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const id of this.#pending.keys()) {
      const pending = this.#take(id);
      pending?.reject(error("CLOSED", pending.call, "the bus was closed before the reply came"));
    }
    this.#settler.close();
    const receiver = await this.#receiver?.catch(() => undefined);
    await receiver?.close();
  }

  #address(): Promise<string> {
    this.#admit();
    if (this.#receiver === undefined) {
      const receiver = this.#receive();
      this.#receiver = receiver;
      // Another one with the next request, where there was none or it has ended.
      const forget = (): void => void (this.#receiver === receiver && (this.#receiver = undefined));
      receiver.then(({ ended }) => ended).catch(forget);
    }
    return this.#receiver.then(({ address }) => address);
  }

  #admit(): void {
    if (this.#closed) throw new WaybillError("CLOSED", "the bus is closed, nothing can be requested through it");
  }

  async #receive(): Promise<Receiver> {
    const { transport, newId } = this.#options;
    const inbox = inboxOf(replies, `replies-${newId()}`, { ephemeral: true });
    await transport.declare(placesOf(replies, inbox));
    const receiver = await transport.receive(inbox, flow, this);
    this.#settler.attach(receiver);
    return receiver;
  }

  #expect(call: AnyCall, id: string, deadline: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { call, deadline, resolve, reject });
      this.#alarm.set(deadline);
    });
  }

  #fail(requestId: string, thrown: unknown): void {
    this.#take(replyId(requestId))?.reject(thrown);
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#alarm.clear();
    return pending;
  }

  #expire(): void {
    const now = this.#options.clock.now();
    let earliest = Infinity;
    for (const [id, { call, deadline }] of this.#pending) {
      if (deadline > now) earliest = Math.min(earliest, deadline);
      else this.#take(id)?.reject(error("TIMEOUT", call, "no reply came in time; it may be handled all the same"));
    }
    this.#alarm.set(earliest);
  }
}

/** What the carrier gives a call. @throws WaybillError `UNSUPPORTED` where it takes no replies */
export function canCall(transport: Transport, { name, request }: AnyCall): Manifest {
  const manifest = supported(transport, request);
  if (manifest.can.has("rpc")) return manifest;
  throw new WaybillError("UNSUPPORTED", `call "${name}": this carrier has no addresses for replies`);
}

/** The data of a reply. Rejects with `RemoteError`, or `MALFORMED` and `INVALID_DATA` for what is no reply of this call. */
async function read({ name, request, reply }: AnyCall, delivery: Delivery): Promise<unknown> {
  if (delivery.malformed !== undefined) throw new WaybillError("MALFORMED", delivery.malformed);
  const { type, data } = decode(reply.codec, delivery);
  if (type === failureOf(request).name) throw new RemoteError(name, data as Failure);
  if (type === reply.name) return validate(reply.schema, data, `the reply to "${name}"`);
  throw new WaybillError("MALFORMED", `the reply to "${name}" has the type ${JSON.stringify(type)}`);
}

function error(code: ErrorCode, { name }: AnyCall, why: string, cause?: unknown): WaybillError {
  return new WaybillError(code, `request "${name}" has no reply: ${why}`, { cause });
}
