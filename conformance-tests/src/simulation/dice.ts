import { type Random, seededRandom } from "@waybill/core";

/** Draws from a seed. Each purpose has dice of its own, so that one more draw for one changes nothing for the others. */
export class Dice {
  readonly random: Random;

  constructor(seed: number, purpose: number) {
    this.random = seededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(purpose + 1, 0x85ebca6b));
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  /** One of them; undefined where there is none. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random() * items.length)];
  }
}
