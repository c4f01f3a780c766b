import assert from "node:assert/strict";
import { type Queue, queue } from "@waybill/core";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { sameNumbers } from "../../expect.ts";
import { schema } from "../../item.ts";
import { lettersIn } from "../../letters.ts";
import { always, every, order, where } from "../../owed.ts";
import { hurriesWhatWaits } from "../../shims.ts";

interface First {
  readonly n: number;
  readonly name: string;
}
interface Second {
  readonly n: number;
  readonly words: readonly string[];
}
interface Third extends Second {
  readonly initials: string;
}
type Handled = readonly [n: number, initials: string, attempt: number];

const first = schema<First>((data) => flawOf(data, "name", "string"));
const second = schema<Second>((data) => flawOf(data, "words", "object"));
const third = schema<Third>((data) => flawOf(data, "initials", "string"));
const inOrder = { key: () => "all", ordered: true } as const;
const inAnyOrder = { ordered: false } as const;

/** Longer waits are put together of several, which cannot be hurried. */
const minutes = where("a delay of a minute in one", ({ maxDelay }) => maxDelay >= 60_000);

/** VER-1 */
export const versions: readonly Case[] = casesOf("VER-1", {
  older: {
    shows: "data of every older version comes to the handler as the newest, also after a retry",
    owed: always,
    async run(bench) {
      const [{ one, two, three }, seen] = [versionsOf(bench), new Array<Handled>()];
      const bus = await bench.connect();
      await bus.send(one, { n: 1, name: "Grace Hopper" });
      await bus.send(two, { n: 2, words: ["Ada", "Lovelace"] });
      await bus.send(three, { n: 3, words: ["Alan", "Turing"], initials: "AT" });
      await bus.work(three, { retry: { delay: 0 } }, ({ data, attempt }) => {
        seen.push([data.n, data.initials, attempt]);
        if (attempt === 1) throw new Error("once more");
      });
      await bench.drained(bus.inbox(three));
      assert.deepEqual(
        seen.toSorted(([a, , first], [b, , second]) => a - b || first - second),
        [
          [1, "GH", 1],
          [1, "GH", 2],
          [2, "AL", 1],
          [2, "AL", 2],
          [3, "AT", 1],
          [3, "AT", 2],
        ],
        "handled",
      );
    },
  },
  invalid: {
    shows:
      "what cannot be brought to the newest version is a dead letter that names version and path; the rest goes on",
    owed: always,
    async run(bench) {
      const [{ one, two, three }, seen] = [versionsOf(bench), new Array<number>()];
      const bus = await bench.connect();
      await bus.work(three, {}, ({ data }) => void seen.push(data.n));
      await bus.send(one, { n: 1, name: "throw" });
      await bus.send(one, { n: 2, name: "mismatch" });
      await bus.send(two, { n: 3, words: ["mismatch"] });
      await bus.send(three, { n: 4, words: [], initials: "" });
      await bench.drained(bus.inbox(three));
      sameNumbers(seen, [4], "handled");
      const letters = await lettersIn(bus.inbox(three));
      const told = letters.map(({ reason, error }) => [reason, error.message] as const);
      assert.equal(told.length, 3, "dead letters");
      for (const [reason] of told) assert.equal(reason, "invalid", "why they are dead");
      assert(
        told.some(([, message]) => /upcaster of version 1 .*no such name/.test(message)),
        "one names its upcaster",
      );
      assert(
        told.some(([, message]) => /version 1, .*version 2, .* words: /.test(message)),
        "one its path in version 2",
      );
      assert(
        told.some(([, message]) => /version 2, .*version 3, .* initials: /.test(message)),
        "one in version 3",
      );
    },
  },
  newer: {
    shows:
      "a newer version than known is set aside, unharmed, and handled once it is redriven to a member that knows it",
    owed: always,
    async run(bench) {
      const [{ two, three }, seen] = [versionsOf(bench), new Array<Handled>()];
      const bus = await bench.connect();
      const old = await bus.work(two, {}, ({ data }) => void seen.push([data.n, "old", 1]));
      await bus.send(three, { n: 1, words: ["Ada"], initials: "A" });
      const inbox = bus.inbox(three);
      await bench.eventually(
        "a dead letter",
        () => inbox.stats(),
        ({ dead }) => dead === 1,
      );
      await old.close();
      assert.equal((await lettersIn(inbox))[0]?.reason, "unknown-version", "why it is dead");
      await bus.work(three, {}, ({ data, attempt }) => void seen.push([data.n, data.initials, attempt]));
      assert.equal(await inbox.deadLetters.redrive("all"), 1, "redriven");
      await bench.drained(inbox);
      assert.deepEqual(seen, [[1, "A", 1]], "handled");
    },
  },
  waits: {
    shows:
      'with `newer: "wait"` it comes again and again, counting no failure and holding up nobody, until a member knows it',
    owed: minutes,
    async run(bench) {
      const [{ two, three }, seen] = [versionsOf(bench), new Array<Handled>()];
      let times = 0;
      const bus = await bench.connect({ shim: hurriesWhatWaits(() => (times += 1)) });
      await bus.send(three, { n: 1, words: ["Ada"], initials: "A" });
      const old = await bus.work(
        two,
        { newer: "wait" },
        ({ data, attempt }) => void seen.push([data.n, "old", attempt]),
      );
      // More often than what kills its process is given.
      await bench.eventually(
        "it waits",
        () => times,
        (count) => count >= 15,
      );
      await bus.send(two, { n: 2, words: [] });
      await bench.eventually(
        "the message after it",
        () => seen.length,
        (count) => count === 1,
      );
      await old.close();
      await bus.work(three, {}, ({ data, attempt }) => void seen.push([data.n, data.initials, attempt]));
      await bench.drained(bus.inbox(three));
      assert.deepEqual(
        seen,
        [
          [2, "old", 1],
          [1, "A", 1],
        ],
        "handled",
      );
      assert.equal((await bus.inbox(three).stats()).dead, 0, "dead");
    },
  },
  "waits-in-order": {
    shows: "on an ordered queue what waits for a member that knows its version holds its place in its key",
    owed: every(order, minutes),
    on: "ordered queue",
    async run(bench) {
      const [{ two, three }, seen] = [versionsOf(bench, inOrder), new Array<Handled>()];
      let times = 0;
      const bus = await bench.connect({ shim: hurriesWhatWaits(() => (times += 1)) });
      const old = await bus.work(
        two,
        { newer: "wait" },
        ({ data, attempt }) => void seen.push([data.n, "old", attempt]),
      );
      await bus.send(three, { n: 1, words: ["Ada"], initials: "A" });
      await bus.send(two, { n: 2, words: ["Alan"] });
      await bench.eventually(
        "it waits",
        () => times,
        (count) => count >= 3,
      );
      await old.close();
      // Where the broker's own count stands in, waiting counts.
      const isCounted = bench.manifest.attempts === "counted";
      const attemptOf = (attempt: number): number => (isCounted ? 1 : attempt);
      await bus.work(three, {}, ({ data, attempt }) => void seen.push([data.n, data.initials, attemptOf(attempt)]));
      await bench.drained(bus.inbox(three));
      assert.deepEqual(
        seen,
        [
          [1, "A", 1],
          [2, "A", 1],
        ],
        "handled",
      );
    },
  },
});

/** One queue as it was defined three times, each member knowing one version more. */
function versionsOf(
  bench: Bench,
  layout: typeof inOrder | typeof inAnyOrder = inAnyOrder,
): { readonly one: Queue<First>; readonly two: Queue<Second>; readonly three: Queue<Third> } {
  const name = bench.name("versions");
  const toSecond = ({ n, name: written }: First): Second => {
    if (written === "throw") throw new Error("no such name");
    return { n, words: written === "mismatch" ? (5 as unknown as string[]) : written.split(" ") };
  };
  const toThird = ({ n, words }: Second): Third => ({
    n,
    words,
    initials: words[0] === "mismatch" ? (5 as unknown as string) : words.map((word) => word[0]).join(""),
  });
  return {
    one: queue(name, { versions: { 1: first }, ...layout }),
    two: queue(name, { versions: { 1: first, 2: second }, upcast: { 1: toSecond }, ...layout }),
    three: queue(name, {
      versions: { 1: first, 2: second, 3: third },
      upcast: { 1: toSecond, 2: toThird },
      ...layout,
    }),
  };
}

function flawOf(data: unknown, name: string, type: "string" | "object"): readonly [string, string] | undefined {
  const member = (data as Readonly<Record<string, unknown>>)[name];
  return typeof member === type ? undefined : [name, `expected ${type}, got ${typeof member}`];
}
