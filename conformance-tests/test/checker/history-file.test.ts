import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { check } from "../../src/checker/checker.ts";
import type { HistoryEvent } from "../../src/checker/history.ts";
import { HistoryFile, judgeFile } from "../../src/checker/history-file.ts";

const head = { groups: ["a"], ordered: true };
const headLine = JSON.stringify(head);

const folder = mkdtempSync(join(tmpdir(), "waybill-history-"));
afterAll(() => rmSync(folder, { recursive: true }));

function path(): string {
  return join(folder, `${randomUUID()}.json`);
}

test("what is written is judged as it was seen, also more than is held in memory at once", async () => {
  const events = Array.from({ length: 2_000 }, (_, n) => n).flatMap((n): readonly HistoryEvent[] => [
    { kind: "invoke", n, key: "k", poisoned: n === 7, deliverAt: n === 3 ? 1_000_000 : undefined },
    { kind: "ok", n },
    { kind: "deliver", n, group: "a", at: n },
    ...(n === 5 ? [] : [{ kind: "done", n, group: "a", at: n + 0.5 } as const]),
  ]);
  const file = path();
  const written = new HistoryFile(file, head);
  for (const event of events) written.record(event);
  written.close();
  const verdict = await judgeFile(file);
  expect(verdict).toEqual(check({ ...head, events }));
  expect(verdict.groups[0]).toMatchObject({ lost: [5], early: [3], notDead: [7] });
});

test.each<[string, string, RegExp]>([
  ["an empty file", "", /is empty/],
  ["a head that is none", '{"groups":[],"ordered":true}', /line 1: no head/],
  ["events without a head", '{"kind":"ok","n":1}', /line 1: no head/],
  ["a line that is cut off", `${headLine}\n{"kind":"invoke","n":1}\n{"kind":"o`, /line 3: not JSON, or cut off/],
  ["a line that is no object", `${headLine}\n5`, /line 2: no object/],
  ["an event of no kind", `${headLine}\n{"kind":"toString","n":1}`, /line 2: no event: kind is "toString"/],
  ["a number that is none", `${headLine}\n{"kind":"ok","n":"1"}`, /line 2: ok: n is "1"/],
  ["a number below 0", `${headLine}\n{"kind":"invoke","n":-1}`, /line 2: invoke: n is -1/],
  ["a delivery without a time", `${headLine}\n{"kind":"deliver","n":1,"group":"a"}`, /deliver of 1: at is missing/],
  ["a group that is none", `${headLine}\n{"kind":"dead","n":1,"group":7}`, /dead of 1: group is 7, not a string/],
  ["a group nobody knows", `${headLine}\n{"kind":"dead","n":1,"group":"b"}`, /line 2: group "b" is not one/],
])("%s is refused, and the line named", async (_, text, message) => {
  const file = path();
  writeFileSync(file, text);
  await expect(judgeFile(file)).rejects.toThrow(message);
});
