import { PassThrough, Writable } from "node:stream";
import { expect, test } from "vitest";
import { Output } from "../src/output.ts";
import { Progress } from "../src/progress.ts";

/** A stream that says it is a terminal. */
function terminal(): PassThrough & { readonly isTTY: true } {
  return Object.assign(new PassThrough(), { isTTY: true } as const);
}

test("a result is its text or its JSON; text for people is no JSON", async () => {
  const [plain, json] = [new PassThrough(), new PassThrough()];
  for (const [stream, isJson] of [[plain, false] as const, [json, true] as const]) {
    const output = new Output(stream, new PassThrough(), isJson);
    await output.result({ n: 1 }, "one");
    await output.text("for people");
  }
  expect(String(plain.read())).toBe("one\nfor people\n");
  expect(String(json.read())).toBe(`{"n":1}\n`);
});

test("waits while nobody reads, so that memory stays bounded", async () => {
  const taken: (() => void)[] = [];
  const slow = new Writable({ highWaterMark: 1, write: (_, __, done) => void taken.push(done) });
  let isWritten = false;
  const written = new Output(slow, new PassThrough(), false).result(1, "one").then(() => (isWritten = true));
  await new Promise(setImmediate);
  expect(isWritten).toBe(false);
  taken.shift()?.();
  await written;
});

test("a reader that has gone is told by the signal, and nothing is written or waited for any more", async () => {
  const gone = new Writable({ highWaterMark: 1, write: () => undefined });
  const output = new Output(gone, new PassThrough(), false);
  const written = output.result(1, "one");
  gone.emit("error", Object.assign(new Error("broken pipe"), { code: "EPIPE" }));
  await written;
  expect(output.closed.aborted).toBe(true);
  await output.result(2, "two");
});

test("progress is drawn in place on a terminal, with its share where that is known, and gone at the end", () => {
  const screen = terminal();
  const output = new Output(new PassThrough(), screen, false);
  const progress = new Progress(output, 200);
  progress.show(3, 100);
  progress.clear();
  const drawn = String(screen.read()).split("\r\u001B[K");
  expect(drawn).toEqual(["", expect.stringMatching(/^█{12}░{12} 50% {2}3 \(\d+\/s\)$/), ""]);
});

test("where there is no terminal, no progress is drawn", () => {
  const notes = new PassThrough();
  const progress = new Progress(new Output(new PassThrough(), notes, false), undefined);
  progress.show(3, 3);
  progress.clear();
  expect(notes.read()).toBeNull();
});
