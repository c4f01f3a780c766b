import { Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { inBursts } from "../src/bursts.ts";

/** What each call of the system is given. */
class Calls extends Writable {
  readonly all: string[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.all.push(chunk.toString());
    done();
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.all.push(chunks.map(({ chunk }) => chunk.toString()).join("+"));
    done();
  }
}

test("what is written in one turn goes out at once, and what is written in the next by itself", async () => {
  const stream = new Calls();
  inBursts(stream);
  stream.write("a");
  stream.write("b");
  stream.write("c");
  await turn();
  stream.write("d");
  await turn();
  expect(stream.all).toEqual(["a+b+c", "d"]);
});

test("what is written before the end of the stream goes out", async () => {
  const stream = new Calls();
  inBursts(stream);
  stream.write("a");
  stream.write("b");
  stream.end();
  await turn();
  expect(stream.all).toEqual(["a+b"]);
  expect(stream.writableFinished).toBe(true);
});
