import { comesBefore, type Entry } from "./entry.ts";
import { Heap } from "./heap.ts";

/** What may be delivered, the first first. What comes in order, nearly everything, costs no sorting. */
export class Ready {
  readonly #others = new Heap<Entry>(comesBefore);
  /** From `#head` on; what was taken is blanked, so that it can be freed. */
  #inOrder: (Entry | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#inOrder.length - this.#head + this.#others.size;
  }

  push(entry: Entry): void {
    const last = this.#inOrder.at(-1);
    if (last === undefined || comesBefore(last, entry)) this.#inOrder.push(entry);
    else this.#others.push(entry);
  }

  peek(): Entry | undefined {
    const other = this.#others.peek();
    const next = this.#inOrder[this.#head];
    if (other === undefined || next === undefined) return other ?? next;
    return comesBefore(other, next) ? other : next;
  }

  pop(): Entry | undefined {
    const first = this.peek();
    if (first !== this.#inOrder[this.#head]) return this.#others.pop();
    if (first !== undefined) this.#advance();
    return first;
  }

  *values(): Generator<Entry, void> {
    for (const entry of this.#inOrder) if (entry !== undefined) yield entry;
    yield* this.#others.values();
  }

  #advance(): void {
    this.#inOrder[this.#head] = undefined;
    this.#head += 1;
    if (this.#head < this.#inOrder.length && (this.#head < 1_024 || this.#head * 2 < this.#inOrder.length)) return;
    this.#inOrder = this.#inOrder.slice(this.#head);
    this.#head = 0;
  }
}
