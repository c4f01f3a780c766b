import type { Shared } from "./shared.ts";
import { Batcher } from "./batcher.ts";
import { hideMs } from "./manifest.ts";
import { type Held, heldOf } from "./wire.ts";

/** The most of letters that are put in order together: beyond that the oldest come about first. */
const mostLetters = 500;
const mostBytes = 2 ** 20;
/** Receives under way at once. */
const side = 4;

/** What one walk looks at. */
export interface Look {
  letters: readonly Held[];
}

/**
 * The dead letters of one inbox that the walks of this transport look at together: they are received, and so hidden from all others, and
 * come back when the last walk is over. Nothing is spent by that, for nobody counts the receptions of a dead letter.
 */
export class Holding {
  walks = 0;
  /** How many walks are over. */
  left = 0;
  /** What each walk has gathered and looks at now. */
  readonly looks: Set<Look> = new Set();
  readonly #url: string;
  readonly #shared: Shared;
  /** What was received and is not gone; `body` is let go of when all have seen it. */
  readonly #handles = new Map<string, { handle: string; until: number }>();
  readonly #deletes: Batcher<string, boolean>;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(url: string, shared: Shared) {
    this.#url = url;
    this.#shared = shared;
    this.#deletes = new Batcher((handles) => this.#deleteAll(handles));
  }

  /** What nobody looks at any more goes back, to be received again by a walk that has not seen it. */
  giveBackSeen(): Promise<void> {
    return this.#alone(async () => {
      const here = new Map(
        [...this.looks].flatMap(({ letters }) => letters.map((one) => [one.messageId, one] as const)),
      );
      await this.#giveBack([...this.#handles.keys()].filter((messageId) => !here.has(messageId)));
    });
  }

  /**
   * Receives letters until there are none or it is enough to look at, and adds them, with those that other walks look at, to the look.
   * True: there are no more to be had.
   */
  gather(look: Look): Promise<boolean> {
    return this.#alone(async () => {
      const { letters, isOver } = await this.#gather();
      const all = new Map(
        [...this.looks].flatMap((one) => one.letters.map((letter) => [letter.messageId, letter] as const)),
      );
      for (const letter of letters) all.set(letter.messageId, letter);
      look.letters = [...all.values()];
      return isOver;
    });
  }

  /** How many there are beside what it has: others look at them, or have just given them back. */
  async elsewhere(): Promise<number> {
    const there = await this.#shared.api.attributesOf(this.#url);
    const count = (name: string): number => Number(there[`ApproximateNumberOfMessages${name}`] ?? 0);
    return count("") + count("NotVisible") - this.#handles.size;
  }

  /** Whether it is ours for long enough to do something with it. */
  async keep({ messageId }: Held): Promise<boolean> {
    const own = this.#handles.get(messageId);
    if (own === undefined) return false;
    const now = this.#shared.context.clock.now();
    if (own.until - now > hideMs / 2) return true;
    const hide = { handle: own.handle, seconds: hideMs / 1_000 };
    const failures = await this.#shared.api.hideBatch(this.#url, [hide], Infinity);
    if (failures.size > 0) this.#handles.delete(messageId);
    else own.until = now + hideMs;
    return failures.size === 0;
  }

  /** Deletes it; says whether it was there to be deleted. */
  async delete({ messageId }: Held): Promise<boolean> {
    const own = this.#handles.get(messageId);
    if (own === undefined || !(await this.#deletes.add(own.handle))) return false;
    this.#handles.delete(messageId);
    return true;
  }

  /** Gives back all that it has. */
  release(): Promise<void> {
    return this.#alone(() => this.#giveBack([...this.#handles.keys()]));
  }

  async #giveBack(ids: readonly string[]): Promise<void> {
    const hides = ids.map((id) => ({ handle: this.#handles.get(id)?.handle ?? "", seconds: 0 }));
    for (const id of ids) this.#handles.delete(id);
    const work = async (): Promise<void> => {
      for (let batch = hides.splice(0, 10); batch.length > 0; batch = hides.splice(0, 10))
        await this.#shared.api.hideBatch(this.#url, batch, Infinity);
    };
    // Where SQS is away they come back by themselves.
    await Promise.allSettled(Array.from({ length: side }, work));
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const working = this.#turn.then(work);
    this.#turn = working.catch(() => undefined);
    return working;
  }

  async #gather(): Promise<{ readonly letters: readonly Held[]; readonly isOver: boolean }> {
    const letters: Held[] = [];
    let bytes = 0;
    let isOver = false;
    const isEnough = (): boolean => isOver || letters.length >= mostLetters || bytes >= mostBytes;
    const work = async (): Promise<void> => {
      while (!isEnough()) {
        const got = await this.#receive();
        if (got.length === 0) isOver = true;
        for (const letter of got) {
          letters.push(letter);
          bytes += letter.body.length;
        }
      }
    };
    // One first: most inboxes have few.
    const first = await this.#receive();
    letters.push(...first);
    if (first.length === 0) isOver = true;
    await Promise.all(Array.from({ length: first.length < 10 ? 1 : side }, work));
    return { letters, isOver };
  }

  async #receive(): Promise<readonly Held[]> {
    const { api, context } = this.#shared;
    const messages = await api.receive({
      QueueUrl: this.#url,
      MaxNumberOfMessages: 10,
      // A short poll may overlook what is there.
      WaitTimeSeconds: 1,
      VisibilityTimeout: hideMs / 1_000,
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["ApproximateReceiveCount", "SentTimestamp", "MessageGroupId"],
    });
    const receivedAt = context.clock.now();
    const until = receivedAt + hideMs;
    const letters = messages.map((message) => heldOf(message, { level: 0, receivedAt, until, ordered: false }));
    for (const { messageId, handle } of letters) this.#handles.set(messageId, { handle, until });
    return letters;
  }

  async #deleteAll(handles: readonly string[]): Promise<readonly boolean[]> {
    const failures = await this.#shared.api.deleteBatch(this.#url, handles, Infinity);
    return handles.map((_, index) => !failures.has(`${index}`));
  }
}
