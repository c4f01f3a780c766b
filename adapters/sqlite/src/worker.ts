import { parentPort, workerData } from "node:worker_threads";
import { WaybillError } from "@waybill/core";
import { Database } from "./database.ts";
import { isBusy, toPlain } from "./errors.ts";
import type { Share } from "./feeder.ts";
import type { FromWorker, Kind, Request, WorkerData } from "./protocol.ts";
import { Service } from "./service.ts";
import { Turn } from "./turn.ts";
import { Watch } from "./watch.ts";

/*
 * The thread that has the database. Whatever requests wait are one transaction, so that concurrent publishes and settlements
 * share one sync of the disk. Other processes' writes are noticed by looking at SQLite's change counter, every few milliseconds
 * while something happens. When it was quiet for a while the system tells of the next write, and looking is only for where it
 * does not.
 */

/** How often it looks for other processes' writes while it has receivers, also when it was quiet for a while, ms. */
const lookEvery = 8;
const quietLookEvery = 40;
const quietAfter = 1_000;
/** About how long it takes from the first write of a small transaction to its end, ms. */
const commitTakes = 2;
/** How often it cleans up, ms. */
const sweepEvery = 50;
/** How long it leaves the file alone after trouble, ms. */
const quietFor = 200;

const reads: ReadonlySet<Kind> = new Set<Kind>(["depth", "letters", "resize", "stop"]);
const data = workerData as WorkerData;
const port = parentPort;
if (port === null) throw new Error("this file is the entry of a worker thread");

const post = (message: FromWorker, bodies?: ArrayBuffer): void => {
  port.postMessage(message, bodies === undefined ? [] : [bodies]);
};

let requests: Request[] = [];
let scheduled = false;
let changes: unknown;
/** Whether something may be ready that was not when it last looked. */
let stale = true;
let lookedAt = 0;
let nextDueAt = 0;
let nextSweepAt = 0;
let sweptAt = 0;
let nextRenewalAt = Date.now() + data.leaseMs / 3;
/** These by a clock that is never set. */
let quietUntil = 0;
let busyAt = 0;
let timer: NodeJS.Timeout | undefined;

const database = open();
if (database !== undefined) serve(database);

function open(): Database | undefined {
  try {
    return new Database(data);
  } catch (error) {
    post({ kind: "failed", id: 0, error: toPlain(error) });
    return undefined;
  }
}

function serve(opened: Database): void {
  const service = new Service(opened, data, post);
  const watch = new Watch(data.file, () => {
    // What is being written now is committed in a moment.
    busyAt = performance.now();
    clearTimeout(timer);
    timer = setTimeout(look, commitTakes);
  });
  port?.on("message", (request: Request) => {
    requests.push(request);
    schedule();
  });
  post({ kind: "opened" });
  look();

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      turn();
    });
  }

  /** One round: everything asked for and everything that can be delivered, in one transaction if there is something to write. */
  function turn(): void {
    const asked = requests;
    requests = [];
    const closing = asked.find(({ kind }) => kind === "close");
    if (asked.length > 0) answer(asked);
    if (closing === undefined) deliver("part");
    else shut(closing);
  }

  function answer(asked: readonly Request[]): void {
    const round = new Turn();
    const answers: FromWorker[] = [];
    const all = (): void => {
      for (const request of asked) {
        const result = service.execute(request, round);
        if (request.kind !== "close") answers.push({ kind: "answer", id: request.id, answer: result });
      }
    };
    try {
      if (asked.every(({ kind }) => reads.has(kind))) all();
      else
        opened.write(() => {
          all();
          service.feeder.feed(service.feeder.hungry(), round, "part");
        });
    } catch (error) {
      for (const step of round.undone) step();
      // One that cannot be done must not keep back the others; a locked file keeps back all, and each would wait for it alone.
      if (asked.length > 1 && !isLocked(error)) for (const request of asked) answer([request]);
      else for (const request of asked) fail(request, error);
      return;
    }
    doubtAll();
    for (const step of round.done) step();
    for (const message of answers) post(message);
    if (asked.some(({ kind }) => kind === "receive")) lookAgain();
  }

  function fail(request: Request, error: unknown): void {
    service.failed(request);
    if (request.kind !== "close") post({ kind: "failed", id: request.id, error: toPlain(error) });
  }

  function deliver(share: Share): void {
    if (performance.now() < quietUntil) return;
    const now = Date.now();
    try {
      if (now >= nextDueAt) {
        nextDueAt = service.promote(now);
        stale = true;
      }
      if (stale) service.feeder.feedNow(share);
      stale = false;
    } catch (error) {
      // Nothing was claimed; a later look tries again.
      quietUntil = performance.now() + quietFor;
      post({ kind: "trouble", error: toPlain(error) });
    }
  }

  /** Looks for what others have written, what is due, and whose lease has run out. */
  function look(): void {
    const now = Date.now();
    try {
      const seen = opened.changes();
      // Where the clock was set back, no time that was noted can be trusted.
      if (seen !== changes || now < lookedAt) {
        doubtAll();
        service.attend(now);
        changes = seen;
      }
      lookedAt = now;
      if (service.feeder.lapsed || now >= nextRenewalAt || now < nextRenewalAt - data.leaseMs) {
        nextRenewalAt = now + data.leaseMs / 3;
        service.renew(now);
        stale = true;
      }
      sweep(now);
    } catch (error) {
      post({ kind: "trouble", error: toPlain(error) });
    }
    if (service.feeder.left) stale = true;
    deliver("all");
    lookAgain();
  }

  function sweep(now: number): void {
    if (now < nextSweepAt || (now >= sweptAt && now < sweptAt + sweepEvery)) return;
    nextSweepAt = service.sweep(now);
    // What it gave back is ready, and own writes do not change what `changes` looks at.
    stale = true;
    // What goes in steps goes on at the next look.
    sweptAt = nextSweepAt <= now ? 0 : now;
  }

  function doubtAll(): void {
    busyAt = performance.now();
    stale = true;
    nextDueAt = 0;
    nextSweepAt = 0;
  }

  /** Often while there is somebody to deliver to or something to clear away, else only for what dead members have left behind. */
  function lookAgain(): void {
    clearTimeout(timer);
    const isQuiet = performance.now() > busyAt + quietAfter;
    const often = isQuiet ? quietLookEvery : lookEvery;
    const seldom = Math.max(sweepEvery, data.leaseMs / 3);
    if (isQuiet && service.members.size > 0) watch.listen();
    else watch.close();
    timer = setTimeout(look, service.members.size > 0 || sweptAt === 0 ? often : seldom);
  }

  function shut({ id }: Request): void {
    clearTimeout(timer);
    watch.close();
    opened.close();
    post({ kind: "answer", id, answer: undefined });
    port?.close();
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof WaybillError && isBusy(error.cause);
}
