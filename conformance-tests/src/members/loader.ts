import { WaybillError } from "@waybill/core";
import type { HistoryEvent } from "../checker/history.ts";
import { type Item, queueOf, topicOf } from "../item.ts";
import type { Actor, ActorOptions } from "./actor.ts";
import type { Block, Load, MemberOrder } from "./member.ts";

/** So many blocks it has at once: the next is there when one is published. */
const ahead = 2;

/** A member that publishes what it is given numbers for, and tells what became of each. */
export class Loader implements Actor {
  readonly #options: ActorOptions;
  readonly #load: Load;
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: ActorOptions, load: Load) {
    this.#options = options;
    this.#load = load;
  }

  async start(): Promise<void> {
    const { tell } = this.#options;
    await tell({ kind: "ready", group: "" });
    for (let count = 0; count < ahead; count += 1) await tell({ kind: "wants" });
  }

  readonly obey = async (order: MemberOrder): Promise<void> => {
    if (order.kind === "block") await this.#publishing(this.#publish(order.block));
    if (order.kind !== "close") return;
    await Promise.all(this.#underWay);
    await this.#options.bus.close({ grace: 5_000 });
  };

  async #publishing(work: Promise<void>): Promise<void> {
    this.#underWay.add(work);
    await work;
    this.#underWay.delete(work);
    await this.#options.tell({ kind: "wants" });
  }

  /** Each is in the history before it is sent, so that one of a publisher that dies is unknown and never unexpected. */
  async #publish({ from, count }: Block): Promise<void> {
    const numbers = Array.from({ length: count }, (_, index) => from + index);
    await Promise.all(
      numbers.map((n) => this.#tell({ kind: "invoke", n, key: this.#key(n), poisoned: this.#isPoisoned(n) })),
    );
    await Promise.all(numbers.map((n) => this.#publishOne(n)));
  }

  async #publishOne(n: number): Promise<void> {
    const { bus, spec } = this.#options;
    const act = this.#isPoisoned(n) ? "fail" : n % this.#load.slowEvery === 0 ? "slow" : "ok";
    try {
      const item: Item = { n, key: this.#key(n), act };
      await (spec.of.kind === "queue" ? bus.send(queueOf(spec.of), item) : bus.publish(topicOf(spec.of), item));
      await this.#tell({ kind: "ok", n });
    } catch (error) {
      const isUnknown = error instanceof WaybillError && error.code === "OUTCOME_UNKNOWN";
      await this.#tell({ kind: isUnknown ? "unknown" : "fail", n });
    }
  }

  #tell(event: HistoryEvent): Promise<void> {
    return this.#options.tell({ kind: "history", event });
  }

  #key(n: number): string {
    return `${this.#load.name}-${n % this.#load.keys}`;
  }

  #isPoisoned(n: number): boolean {
    return n % this.#load.poisonEvery === this.#load.poisonEvery - 1;
  }
}
