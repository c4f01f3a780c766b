/** What can stand in a roster; `place` is its own, -1 while it stands in none. */
export interface Placed {
  place: number;
}

/**
 * Who is there now, in no order. A list whose gaps are filled from its end, and not a Set: one that is written for every message
 * is rebuilt again and again, and what it once held is freed only when the whole heap is looked through.
 */
export class Roster<T extends Placed> {
  readonly #list: T[] = [];

  get size(): number {
    return this.#list.length;
  }

  add(item: T): void {
    item.place = this.#list.length;
    this.#list.push(item);
  }

  /** False if it does not stand here. */
  delete(item: T): boolean {
    const last = this.#list.at(-1);
    if (item.place < 0 || last === undefined) return false;
    last.place = item.place;
    this.#list[item.place] = last;
    this.#list.pop();
    item.place = -1;
    return true;
  }

  /** All of them as they are now. */
  all(): readonly T[] {
    return this.#list.slice();
  }
}
