import type { Shard } from "./shard.ts";

interface Sorted {
  readonly lanes: readonly Shard[];
  readonly feeds: readonly Shard[];
  /** Of the feeds, by priority. */
  readonly levels: readonly (readonly Shard[])[];
}

/** The shards by what they are, sorted once for each set of them. */
export class ShardView {
  readonly #priorities: number;
  #shards: readonly Shard[] = [];
  #sorted: Sorted = { lanes: [], feeds: [], levels: [] };

  constructor(priorities: number) {
    this.#priorities = priorities;
  }

  of(shards: readonly Shard[]): Sorted {
    if (this.#shards === shards) return this.#sorted;
    const feeds = shards.filter(({ stayMs }) => stayMs === undefined);
    const levels = Array.from({ length: this.#priorities }, (_, level) =>
      feeds.filter((shard) => shard.level === level),
    );
    this.#shards = shards;
    this.#sorted = { lanes: shards.filter(({ stayMs }) => stayMs !== undefined), feeds, levels };
    return this.#sorted;
  }
}
