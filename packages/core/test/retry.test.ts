import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Delay } from "../src/retry.ts";
import { decide, exponential, fixed, ladder, PermanentError, retryPolicy } from "../src/retry.ts";

const failure = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 1_000_000 }));
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("fixed gives the same delay each time", () => {
  fc.assert(
    fc.property(fc.nat(), failure, random, (ms, nth, value) => {
      expect(fixed(ms)(nth, () => value)).toBe(ms);
    }),
  );
});

describe("exponential", () => {
  test("doubles from the first delay up to max", () => {
    const delay = exponential("1s", { max: "10s", jitter: 0 });
    expect([1, 2, 3, 4, 5, 6].map((nth) => delay(nth, Math.random))).toEqual([
      1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
    ]);
  });

  test("is capped at five minutes by default, also after very many failures", () => {
    expect(exponential("1s", { jitter: 0 })(5_000, () => 0)).toBe(300_000);
  });

  test("jitter takes off at most its share, and nothing at 0", () => {
    const delay = exponential("10s", { jitter: 0.2 });
    expect(delay(1, () => 0)).toBe(10_000);
    expect(delay(1, () => 1 - Number.EPSILON)).toBe(8_000);
    expect(delay(1, () => 0.5)).toBe(9_000);
  });

  test("lies between its bounds for every base, factor, jitter and failure", () => {
    fc.assert(
      fc.property(
        fc.record({
          base: fc.nat(1e7),
          max: fc.nat(1e9),
          factor: fc.double({ min: 1, max: 10, noNaN: true }),
          jitter: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        failure,
        random,
        ({ base, max, factor, jitter }, nth, value) => {
          const ms = exponential(base, { max, factor, jitter })(nth, () => value);
          const full = base === 0 ? 0 : Math.min(max, base * factor ** (nth - 1));
          expect(Number.isInteger(ms)).toBe(true);
          expect(ms).toBeGreaterThanOrEqual(Math.floor(full * (1 - jitter)));
          expect(ms).toBeLessThanOrEqual(Math.ceil(full));
        },
      ),
    );
  });

  test("without jitter it never shrinks from one failure to the next", () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.double({ min: 1, max: 4, noNaN: true }),
        fc.integer({ min: 1, max: 2_000 }),
        (base, factor, nth) => {
          const delay = exponential(base, { factor, jitter: 0 });
          expect(delay(nth + 1, Math.random)).toBeGreaterThanOrEqual(delay(nth, Math.random));
        },
      ),
    );
  });

  test.each([
    ["factor", 0.5],
    ["factor", Number.NaN],
    ["jitter", -0.1],
    ["jitter", 1.1],
    ["jitter", Number.NaN],
    ["max", -1],
  ])("%s of %d is refused by name", (option, value) => {
    expect(() => exponential("1s", { [option]: value })).toThrow(new RegExp(`^exponential ${option} is `));
  });
});

describe("ladder", () => {
  test("gives its delays in turn, then the last one again", () => {
    const delay = ladder("1s", 30_000, "5m");
    expect([1, 2, 3, 4, 1_000].map((nth) => delay(nth, Math.random))).toEqual([
      1_000, 30_000, 300_000, 300_000, 300_000,
    ]);
  });

  test("needs a delay, and names the one that cannot be", () => {
    expect(() => ladder()).toThrow("at least one delay");
    expect(() => ladder("1s", -1)).toThrow("ladder delay 2 is -1");
  });
});

describe("retryPolicy", () => {
  test("has 5 attempts and an exponential delay by default", () => {
    const policy = retryPolicy();
    expect(policy.maxAttempts).toBe(5);
    expect(policy.delay(1, () => 0)).toBe(1_000);
    expect(policy.delay(1_000, () => 0)).toBe(300_000);
  });

  test("takes a duration as a fixed delay", () => {
    expect(retryPolicy({ delay: "3s" }).delay(7, Math.random)).toBe(3_000);
  });

  test.each([0, -1, 1.5, Number.NaN, Infinity, "5"])("maxAttempts of %s is refused", (maxAttempts) => {
    expect(() => retryPolicy({ maxAttempts: maxAttempts as number })).toThrow(/^retry\.maxAttempts is /);
  });

  test.each([-1, Number.NaN, "soon"])("a delay of %s is refused", (delay) => {
    expect(() => retryPolicy({ delay: delay as number })).toThrow(TypeError);
  });
});

describe("decide", () => {
  const always = (): number => 0;

  test("retries until the last attempt, then the message is dead", () => {
    const policy = retryPolicy({ maxAttempts: 3, delay: ladder(10, 20) });
    const outcomes = [0, 1, 2, 3].map((failures) => decide(policy, new Error("no"), failures, always));
    expect(outcomes).toEqual([
      { outcome: "retry", delayMs: 10 },
      { outcome: "retry", delayMs: 20 },
      { outcome: "dead", reason: "exhausted" },
      { outcome: "dead", reason: "exhausted" },
    ]);
  });

  test("one attempt means no retry", () => {
    expect(decide(retryPolicy({ maxAttempts: 1 }), "no", 0, always)).toEqual({ outcome: "dead", reason: "exhausted" });
  });

  test("what the predicate calls permanent is dead at once, and so is a PermanentError", () => {
    const policy = retryPolicy({ permanent: (error) => error instanceof RangeError });
    expect(decide(policy, new RangeError("no"), 0, always)).toEqual({ outcome: "dead", reason: "permanent" });
    expect(decide(policy, new PermanentError("no"), 0, always)).toEqual({ outcome: "dead", reason: "permanent" });
    expect(decide(policy, new Error("no"), 0, always).outcome).toBe("retry");
    expect(decide(policy, undefined, 0, always).outcome).toBe("retry");
  });

  test("a truthy answer that is not true is not taken for permanent", () => {
    const policy = retryPolicy({ permanent: (() => Promise.resolve(false)) as unknown as () => boolean });
    expect(decide(policy, new Error("no"), 0, always).outcome).toBe("retry");
  });

  test("a predicate that throws says nothing", () => {
    const policy = retryPolicy({
      permanent: () => {
        throw new Error("the predicate is broken");
      },
    });
    expect(decide(policy, new Error("no"), 0, always)).toEqual({ outcome: "retry", delayMs: 1_000 });
    expect(decide(policy, new Error("no"), 4, always).outcome).toBe("dead");
  });

  test.each<[string, Delay]>([
    ["NaN", () => Number.NaN],
    ["a negative number", () => -1],
    ["Infinity", () => Infinity],
    ["nothing", (() => undefined) as unknown as Delay],
    ["a string", (() => "5s") as unknown as Delay],
    ["a promise", (async () => 5) as unknown as Delay],
    [
      "an error",
      () => {
        throw new Error("the delay function is broken");
      },
    ],
  ])("a delay function that gives %s neither crashes nor makes a hot loop: the default delay is taken", (_, delay) => {
    const policy = retryPolicy({ maxAttempts: 100, delay });
    expect(decide(policy, new Error("no"), 0, always)).toEqual({ outcome: "retry", delayMs: 1_000 });
    expect(decide(policy, new Error("no"), 3, always)).toEqual({ outcome: "retry", delayMs: 8_000 });
    expect(decide(policy, new Error("no"), 50, always)).toEqual({ outcome: "retry", delayMs: 300_000 });
  });

  test("a delay of 0 stays 0, for who asks for it", () => {
    expect(decide(retryPolicy({ delay: 0 }), new Error("no"), 0, always)).toEqual({ outcome: "retry", delayMs: 0 });
    const zero = retryPolicy({ maxAttempts: 5_000, delay: exponential(0) });
    expect(decide(zero, new Error("no"), 3_000, always)).toEqual({ outcome: "retry", delayMs: 0 });
  });

  test("whatever a delay function gives, the delay is a finite whole number that is not negative", () => {
    fc.assert(
      fc.property(fc.anything(), fc.nat(1_000), random, (given, failures, value) => {
        const policy = retryPolicy({ maxAttempts: 10_000, delay: (() => given) as unknown as Delay });
        const decision = decide(policy, new Error("no"), failures, () => value);
        expect(decision.outcome === "retry" && Number.isSafeInteger(Math.min(decision.delayMs, 2 ** 53 - 1))).toBe(
          true,
        );
        expect(decision.outcome === "retry" && decision.delayMs >= 0 && decision.delayMs < Infinity).toBe(true);
      }),
    );
  });
});
