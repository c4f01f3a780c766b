import fc from "fast-check";
import { expect, test } from "vitest";
import { type Sign, triggerOf } from "../../src/proxy/trigger.ts";

/** How many bytes have passed when the trigger finds its sign; undefined if it does not. */
function foundAfter(sign: Sign, chunks: readonly string[]): number | undefined {
  const trigger = triggerOf(sign);
  const connection = {};
  let passed = 0;
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    const end = trigger.find(bytes, connection);
    if (end !== undefined) return passed + end;
    trigger.pass(bytes, connection);
    passed += bytes.length;
  }
  return undefined;
}

test("a text is found where it ends, however it is cut into chunks", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 4 });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 20 }), letters, (chunks, text) => {
      fc.pre(text !== "");
      const index = chunks.join("").indexOf(text);
      expect(foundAfter({ text }, chunks)).toBe(index === -1 ? undefined : index + text.length);
    }),
    { numRuns: 2_000 },
  );
});

test("a text is not found that begins on one connection and ends on another", () => {
  const trigger = triggerOf({ text: "abcd" });
  const [one, other] = [{}, {}];
  trigger.pass(Buffer.from("ab"), one);
  expect(trigger.find(Buffer.from("cd"), other)).toBeUndefined();
  expect(trigger.find(Buffer.from("cd"), one)).toBe(2);
});

test("bytes are counted over all connections", () => {
  const trigger = triggerOf({ bytes: 5 });
  trigger.pass(Buffer.from("abc"), {});
  expect(trigger.find(Buffer.from("d"), {})).toBeUndefined();
  expect(trigger.find(Buffer.from("def"), {})).toBe(2);
});

test("a sign that is always there is refused", () => {
  expect(() => triggerOf({ text: "" })).toThrow("text is empty; give what has to pass");
  expect(() => triggerOf({ bytes: 0 })).toThrow("bytes is 0; give a whole number from 1");
});
