import { type Clock, type SettleResult, WaybillError } from "@waybill/core";
import { isAnswer, movedReasons, notMemberReasons, toError } from "./errors.ts";
import type { Leaving, Shard } from "./shard.ts";
import type { Routed } from "./transactor.ts";
import { sizeOf } from "./wire.ts";

/** What leaves its place in one step with what is stored for it. */
export interface Move extends Leaving {
  readonly shard: Shard;
  /** Where its shard is another's: as which member it is still in our hands, whoever else we may be by now. */
  readonly lentAs: string | undefined;
  readonly records: readonly Routed[];
  /** It was done. */
  readonly finish: () => void;
}

interface Waiting {
  readonly move: Move;
  readonly bytes: number;
  /** Until when it is tried, epoch ms. */
  readonly until: number;
  /** How often it was. */
  tries: number;
  readonly answer: (result: SettleResult) => void;
}

const mostMoves = 1_000;
/** After so many it is not for a leader that has moved. */
const mostTries = 5;
const mostBytes = 4 * 2 ** 20;

/** What waits for the next transaction. One that can never be done is found alone; the rest goes. */
export class MoveQueue {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #waiting: Waiting[] = [];
  #underWay: readonly Waiting[] = [];
  #most = mostMoves;

  constructor(clock: Clock, patienceMs: number) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** An error: nothing was changed. */
  add(move: Move): Promise<SettleResult> {
    const { promise, resolve } = Promise.withResolvers<SettleResult>();
    const bytes = move.records.reduce((sum, { record }) => sum + sizeOf(record), 0);
    this.#waiting.push({ move, bytes, until: this.#clock.now() + this.#patienceMs, tries: 0, answer: resolve });
    return promise;
  }

  /** As many as one transaction may have; what is not ours any more is answered. `as`: which member we are. */
  take(as: string | undefined): readonly Move[] {
    this.#lose(({ move }) => (move.lentAs === undefined ? move.shard.state === "gone" : move.lentAs !== as));
    let [count, bytes] = [0, 0];
    for (const one of this.#waiting) {
      if (count >= this.#most || (count > 0 && bytes + one.bytes > mostBytes)) break;
      count += 1;
      bytes += one.bytes;
    }
    this.#underWay = this.#waiting.splice(0, count);
    return this.#underWay.map(({ move }) => move);
  }

  /** Those that were taken are done. */
  done(): void {
    this.#most = Math.min(2 * this.#most, mostMoves);
    for (const { move, answer } of this.#underWay) {
      move.finish();
      answer("settled");
    }
    this.#underWay = [];
  }

  /** Nothing of those that were taken is done. Whether it is the fault of one of them. */
  failed(thrown: unknown): boolean {
    const error = toError(thrown, "to settle in one step");
    const all = this.#underWay;
    this.#underWay = [];
    for (const one of all) one.tries += 1;
    // What is new is not known to every broker yet.
    const isNew = isAnswer(thrown, ...movedReasons) && all.some(({ tries }) => tries < mostTries);
    const isTheirs = all.length > 0 && !error.transient && !isNew && !isAnswer(thrown, ...notMemberReasons);
    if (isTheirs && all.length === 1) {
      this.#most = mostMoves;
      for (const { answer } of all) answer(error.code === "MISSING" ? noRoute(error) : error);
      return true;
    }
    if (isTheirs) this.#most = Math.ceil(all.length / 2);
    const now = this.#clock.now();
    const late = isTheirs ? [] : all.filter(({ until }) => until <= now);
    for (const { answer } of late) answer(passing(error));
    this.#waiting = [...all.filter((one) => !late.includes(one)), ...this.#waiting];
    return isTheirs;
  }

  /** None of what waits is done. */
  close(): void {
    this.#lose(() => true);
    for (const { answer } of this.#underWay) answer("lost");
    this.#underWay = [];
  }

  #lose(which: (waiting: Waiting) => boolean): void {
    const all = this.#waiting;
    if (!all.some(which)) return;
    this.#waiting = all.filter((one) => !which(one));
    for (const one of all) if (which(one)) one.answer("lost");
  }
}

function noRoute({ message }: WaybillError): WaybillError {
  return new WaybillError("NO_ROUTE", message);
}

function passing(error: WaybillError): WaybillError {
  return error.transient ? error : new WaybillError("UNAVAILABLE", error.message);
}
