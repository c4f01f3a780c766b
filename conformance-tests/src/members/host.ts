import { type Consumer, fixed, type Message } from "@waybill/core";
import { type Act, type Item, type Outline, queueOf, topicOf } from "../item.ts";
import { epochNow } from "../epoch-now.ts";
import { handlingOf } from "../recorder.ts";
import type { Actor, ActorOptions } from "./actor.ts";
import type { MemberOrder } from "./member.ts";

/** A member that subscribes, does what items say, and obeys orders. */
export class Host implements Actor {
  readonly #options: ActorOptions;
  readonly #told = Promise.withResolvers<void>();
  /** It is known to have started: one that dies before would count as one that could not. */
  readonly #known = Promise.withResolvers<void>();

  constructor(options: ActorOptions) {
    this.#options = options;
  }

  /** Resolves once it takes messages, or part in a schedule. */
  async start(): Promise<void> {
    const { cron } = this.#options.spec;
    const group = cron === undefined ? (await this.#subscribe()).group : await this.#schedule(cron);
    await this.#options.tell({ kind: "ready", group });
    this.#known.resolve();
  }

  readonly obey = async (order: MemberOrder): Promise<void> => {
    if (order.kind === "go") this.#told.resolve();
    else if (order.kind === "close") await this.#options.bus.close({ grace: 5_000 });
    else if (order.kind === "publish") await this.#publish(order.ref, order.to, order.item);
  };

  #subscribe(): Promise<Consumer> {
    const { bus, spec } = this.#options;
    const { of, group, concurrency, maxAttempts, retryDelayMs = 0, delivery } = spec;
    const retry = delivery === "at-most-once" ? undefined : { maxAttempts, delay: fixed(retryDelayMs) };
    const options = { concurrency, delivery, retry };
    const handler = (message: Message<Item>): Promise<void> => this.#handle(message);
    if (of.kind === "queue") return bus.work(queueOf(of), options, handler);
    if (group === undefined) return bus.listen(topicOf(of), handler, options);
    return bus.subscribe(topicOf(of), { ...options, group }, handler);
  }

  async #schedule(cron: string): Promise<string> {
    const { bus, spec } = this.#options;
    const { of, act } = spec;
    const data = async (tick: Date): Promise<Item> => {
      if (act === "exit") await this.#exit();
      return { n: tick.getTime() / 1_000 };
    };
    await bus.schedule(of.name, { cron, to: of.kind === "queue" ? queueOf(of) : topicOf(of), data });
    return of.name;
  }

  async #handle(message: Message<Item>): Promise<void> {
    const { tell, spec } = this.#options;
    const { n, act = spec.act ?? "ok" } = message.data;
    message.signal.addEventListener("abort", () => void tell({ kind: "aborted", n }));
    const group = spec.chronicle;
    if (group === undefined) await tell({ kind: "began", handling: handlingOf(message) });
    else await tell({ kind: "history", event: { kind: "deliver", n, group, at: epochNow() } });
    await this.#act(act, message);
    if (group === undefined) await tell({ kind: "done", end: { n, at: epochNow() } });
    else await tell({ kind: "history", event: { kind: "done", n, group, at: epochNow() } });
  }

  async #act(act: Act, message: Message<Item>): Promise<void> {
    if (act === "fail") throw new Error("told to fail");
    if (act === "hang") await new Promise<never>(() => undefined);
    if (act === "slow") await new Promise((resolve) => void setTimeout(resolve, Math.random() * 20));
    if (act === "block") blockFor(Number(message.data.text));
    if (act === "exit") await this.#exit();
    if (act === "send") {
      const to = { kind: "queue", name: message.data.text ?? "", keyed: false, ordered: false } as const;
      await message.send(queueOf(to), { n: message.data.n });
    }
    if (act === "wait" || act === "send" || act === "block") await this.#told.promise;
  }

  async #exit(): Promise<never> {
    await this.#known.promise;
    this.#options.exit();
    return new Promise<never>(() => undefined);
  }

  async #publish(ref: number, to: Outline, item: Item): Promise<void> {
    const { bus, tell } = this.#options;
    try {
      if (to.kind === "queue") await bus.send(queueOf(to), item);
      else await bus.publish(topicOf(to), item);
      await tell({ kind: "published", ref, error: undefined });
    } catch (error) {
      await tell({ kind: "published", ref, error: String(error) });
    }
  }
}

/** Nothing else happens in this thread meanwhile. */
function blockFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
