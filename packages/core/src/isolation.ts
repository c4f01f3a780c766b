import { atMost } from "./at-most.ts";
import type { Clock } from "./clock.ts";

/** What a consumer does for another's suspect: stand still, and go on. */
export interface Isolated {
  /** Takes nothing up and gives back what was not started; resolves when no handler runs. */
  hold(): Promise<void>;
  go(why: "held"): void;
}

/** How long others wait for a suspect, and it for them, in ms: what kills its process usually does so at once. */
const patience = 5_000;

/**
 * Lets a message that may have killed its process run alone in this one, so that a further crash convicts it and nobody
 * beside it (DLQ-4).
 */
export class Isolation {
  readonly #clock: Clock;
  readonly #members = new Set<Isolated>();
  #turn: Promise<void> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  join(member: Isolated): void {
    this.#members.add(member);
  }

  leave(member: Isolated): void {
    this.#members.delete(member);
  }

  /** Runs `task` while all members stand still; one task at a time. Never rejects for the task's sake. */
  alone(task: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(() => this.#run(task));
    return this.#turn;
  }

  async #run(task: () => Promise<void>): Promise<void> {
    const held = [...this.#members];
    await atMost(this.#clock, patience, Promise.all(held.map((member) => member.hold())));
    await atMost(this.#clock, patience, task());
    for (const member of held) member.go("held");
  }
}
