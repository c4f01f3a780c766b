import { parentPort, workerData } from "node:worker_threads";
import { toPlain } from "./errors.ts";
import { type IdempotencyData, type IdempotencyReply, type IdempotencyRequest, Records } from "./records.ts";

/* The thread that has the records. Whatever requests wait are one transaction, so that they share one sync of the disk. */

/** How often it forgets what is over, ms. */
const sweepEvery = 1_000;

const port = parentPort;
if (port === null) throw new Error("this file is the entry of a worker thread");
const post = (reply: IdempotencyReply): void => port.postMessage(reply);

let waiting: IdempotencyRequest[] = [];
const records = open();
if (records !== undefined) serve(records);

function open(): Records | undefined {
  try {
    const opened = new Records(workerData as IdempotencyData);
    post({ kind: "opened" });
    return opened;
  } catch (error) {
    post({ kind: "failed", ids: [0], error: toPlain(error) });
    return undefined;
  }
}

function serve(opened: Records): void {
  const sweeping = setInterval(() => sweep(opened), sweepEvery);
  port?.on("message", (requests: readonly IdempotencyRequest[] | "close") => {
    if (requests === "close") {
      clearInterval(sweeping);
      if (waiting.length > 0) answer(opened);
      opened.close();
      port?.close();
      return;
    }
    if (waiting.length === 0) setImmediate(() => answer(opened));
    waiting.push(...requests);
  });
}

function answer(opened: Records): void {
  const asked = waiting;
  waiting = [];
  if (asked.length === 0) return;
  const ids = asked.map(({ id }) => id);
  try {
    post({ kind: "answers", ids, answers: opened.execute(asked) });
  } catch (error) {
    post({ kind: "failed", ids, error: toPlain(error) });
  }
}

/** What cannot be forgotten now is forgotten next time. */
function sweep(opened: Records): void {
  try {
    opened.sweep();
  } catch {}
}
