import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { Watch } from "../src/watch.ts";

const folder = mkdtempSync(join(tmpdir(), "waybill-watch-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("hears a write of another connection, once, and nothing when it does not listen", async () => {
  const file = join(folder, "file.db");
  const [mine, other] = [new DatabaseSync(file), new DatabaseSync(file)];
  mine.exec("PRAGMA journal_mode = WAL; CREATE TABLE note (n)");
  let count = 0;
  let wake: (() => void) | undefined;
  const watch = new Watch(file, () => {
    count += 1;
    wake?.();
  });
  for (const round of [1, 2]) {
    const heard = new Promise<void>((resolve) => (wake = resolve));
    watch.listen();
    watch.listen();
    other.exec("INSERT INTO note VALUES (1); INSERT INTO note VALUES (2)");
    await heard;
    expect(count).toBe(round);
    other.exec("INSERT INTO note VALUES (3)");
  }
  watch.close();
  mine.close();
  other.close();
});

test("a file without a log is no failure", () => {
  const watch = new Watch(join(folder, "none.db"), () => undefined);
  expect(() => watch.listen()).not.toThrow();
  watch.close();
});
