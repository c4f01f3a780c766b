import type { Call } from "./call.ts";
import type { Clock } from "./clock.ts";
import { decode } from "./cloud-events.ts";
import type { Cause, Composed } from "./composer.ts";
import { Composer } from "./composer.ts";
import { WaybillError } from "./errors.ts";
import { userHeaders } from "./headers.ts";
import type { Message } from "./message.ts";
import type { Subscription } from "./consumers.ts";
import type { Handle } from "./middleware.ts";
import { readNote } from "./note.ts";
import { failureOf, type Failure, replyId, replyToHeader } from "./reply.ts";
import type {
  Delivery,
  Inbox,
  Receiver,
  SendResult,
  Settlement,
  SettleResult,
  Transport,
  WireMessage,
} from "./seam.ts";

export interface ResponderOptions {
  readonly transport: Transport;
  readonly source: string;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly publishTimeout: number;
  readonly report: (kind: "dropped", inbox: Inbox, error: WaybillError) => void;
}

/** A settlement, and the reply that has to be stored before it is made. */
interface Answer {
  readonly settlement: Settlement;
  readonly to: string;
  readonly reply: WireMessage;
}

/** A handler of requests, whose result is the reply. */
export type ReplyHandler<RequestOut, ReplyIn> = (message: Message<RequestOut>) => ReplyIn | Promise<ReplyIn>;

/**
 * Answers the requests of one worker. It stands between the worker and its receiver: a reply is stored before its request is
 * settled, so that a crash between repeats the reply and never loses it.
 */
export class Responder {
  readonly #options: ResponderOptions;
  readonly #call: Call<unknown, unknown, unknown, unknown>;
  readonly #composer: Composer<unknown, unknown>;
  readonly #failures: Composer<Failure, Failure>;
  /** What handlers have returned, by the ids of the requests, until these are settled. */
  readonly #replies = new Map<string, WireMessage>();

  constructor(call: Call<unknown, unknown, unknown, unknown>, options: ResponderOptions) {
    this.#options = options;
    this.#call = call;
    const manifest = options.transport.supports(call.request.shape);
    this.#composer = new Composer(call.reply, manifest, options);
    this.#failures = new Composer(failureOf(call.request), manifest, options);
  }

  /** What makes a worker one that answers. */
  answering<RequestOut>(
    handler: ReplyHandler<RequestOut, unknown>,
  ): Pick<Subscription, "handler" | "outermost" | "receive"> {
    return { handler: this.#handling(handler), outermost: this.#outermost, receive: this.#receive };
  }

  /** A reply that cannot be written fails the attempt, as a throw would. */
  #handling<RequestOut>(
    handler: ReplyHandler<RequestOut, unknown>,
  ): (message: Message<RequestOut>) => Promise<unknown> {
    return async (message) => {
      const result = await handler(message);
      await this.#keep(message, result);
      return result;
    };
  }

  /** Around all middlewares: what one of them returns in the handler's stead, for a duplicate, is the reply. */
  readonly #outermost = (next: Handle): Handle => {
    return async (message) => {
      const result = await next(message);
      if (!this.#replies.has(message.id)) await this.#keep(message, result);
      return result;
    };
  };

  readonly #receive: Transport["receive"] = async (from, flow, sink) => {
    const receiver = await this.#options.transport.receive(from, flow, {
      deliver: (batch) => sink.deliver(batch),
      lost: (batch, cause) => {
        for (const { id } of batch) this.#replies.delete(id);
        sink.lost(batch, cause);
      },
    });
    return {
      address: receiver.address,
      ended: receiver.ended,
      settle: (batch) => this.#settle(batch, receiver, from),
      resize: (next) => receiver.resize(next),
      pulse: () => receiver.pulse(),
      stop: () => receiver.stop(),
      close: () => receiver.close(),
    };
  };

  async #keep(message: Message<unknown>, result: unknown): Promise<void> {
    const { wire } = await this.#compose(this.#composer, result, message);
    // Nobody settles it any more.
    if (!message.signal.aborted) this.#replies.set(message.id, wire);
  }

  async #settle(batch: readonly Settlement[], receiver: Receiver, inbox: Inbox): Promise<readonly SettleResult[]> {
    const answers = await Promise.all(batch.map((settlement) => this.#answerTo(settlement)));
    const sent = await this.#send(answers.filter((answer) => answer !== undefined));
    const decided = batch.map((settlement, index) => {
      const answer = answers[index];
      return answer === undefined ? settlement : this.#decide(answer, sent.get(answer), inbox);
    });
    const passed = decided.filter((one): one is Settlement => !(one instanceof WaybillError));
    const results = await receiver.settle(passed);
    for (const [index, { delivery }] of passed.entries())
      if (typeof results[index] === "string") this.#replies.delete(delivery.id);
    const next = results[Symbol.iterator]();
    return decided.map((one) => (one instanceof WaybillError ? one : (next.next().value ?? "lost")));
  }

  /** What has to be answered with the settlement; nothing where it will be tried again, or nobody waits for an answer. */
  async #answerTo(settlement: Settlement): Promise<Answer | undefined> {
    const { delivery, outcome } = settlement;
    const to = delivery.headers[replyToHeader];
    if (to === undefined || (outcome !== "ack" && outcome !== "dead")) return undefined;
    const reply = outcome === "ack" ? this.#replies.get(delivery.id) : await this.#failure(settlement.note, delivery);
    return reply && { settlement, to, reply };
  }

  async #failure(note: WireMessage["headers"], delivery: Delivery): Promise<WireMessage> {
    const { name = "Error", message = "the request has failed" } = readNote(note).death?.error ?? {};
    const { wire } = await this.#compose(this.#failures, { name, message }, this.#causeOf(delivery));
    return wire;
  }

  #causeOf(delivery: Delivery): Cause {
    const { id } = delivery;
    const headers = userHeaders(delivery.headers);
    try {
      return { id, headers, correlationId: decode(this.#call.request.codec, delivery).correlationId };
    } catch {
      return { id, headers, correlationId: id };
    }
  }

  async #compose<In>(composer: Composer<In, unknown>, data: In, cause: Cause): Promise<Composed> {
    return composer.compose(data, { id: replyId(cause.id) }, cause);
  }

  /** Those of one address in one batch. */
  async #send(answers: readonly Answer[]): Promise<ReadonlyMap<Answer, SendResult>> {
    const { transport, clock, publishTimeout } = this.#options;
    const results = new Map<Answer, SendResult>();
    const send = async (to: string, those: readonly Answer[]): Promise<void> => {
      const deadline = clock.now() + publishTimeout;
      const replies = those.map(({ reply }) => reply);
      const sent = await transport.send({ kind: "reply", to }, replies, { deadline });
      for (const [index, answer] of those.entries()) {
        const result = sent[index];
        if (result !== undefined) results.set(answer, result);
      }
    };
    const byAddress = Map.groupBy(answers, ({ to }) => to);
    await Promise.all([...byAddress].map(([to, those]) => send(to, those)));
    return results;
  }

  /** The settlement, or an error: it is still ours, and answered again. */
  #decide({ settlement }: Answer, result: SendResult | undefined, inbox: Inbox): Settlement | WaybillError {
    if (result === "stored") return answered(settlement);
    const { outcome, error } = result ?? { outcome: "unknown", error: new WaybillError("UNAVAILABLE", "no result") };
    if (outcome === "unknown" || error.transient) return error;
    this.#options.report("dropped", inbox, error);
    return settlement;
  }
}

/** A handler's failure that its caller knows of is over; what could not be read or has killed members is a dead letter all the same. */
function answered(settlement: Settlement): Settlement {
  if (settlement.outcome !== "dead") return settlement;
  const reason = readNote(settlement.note).death?.reason;
  if (reason !== "exhausted" && reason !== "permanent") return settlement;
  return { delivery: settlement.delivery, outcome: "ack", sends: [] };
}
