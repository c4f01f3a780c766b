import { parentPort, workerData } from "node:worker_threads";
import { Database } from "./database.ts";
import { toPlain } from "./errors.ts";
import type { FromWorker, Kind, Request, WorkerData } from "./protocol.ts";
import { Service, Turn } from "./service.ts";

/*
 * The thread that has the database. Whatever requests wait are one transaction, so that concurrent publishes and settlements
 * share one sync of the disk. Other processes' writes are noticed by looking at SQLite's change counter: no file watcher, no
 * socket, and some microseconds every few milliseconds.
 */

/** How often it looks for other processes' writes while it has receivers, and how often it cleans up, ms. */
const lookEvery = 8;
const sweepEvery = 50;

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
let nextDueAt = Infinity;
let nextSweepAt = 0;
let nextRenewalAt = Date.now() + data.leaseMs / 3;
let quietUntil = 0;
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
    if (closing !== undefined) {
      shut(closing);
      return;
    }
    deliver();
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
          service.feed(service.hungry(), round);
        });
    } catch (error) {
      for (const step of round.undone) step();
      if (asked.length > 1) for (const request of asked) answer([request]);
      else for (const { id } of asked) post({ kind: "failed", id, error: toPlain(error) });
      return;
    }
    nextDueAt = 0;
    for (const step of round.done) step();
    for (const message of answers) post(message);
    if (asked.some(({ kind }) => kind === "receive")) lookAgain();
  }

  function deliver(): void {
    const now = Date.now();
    if (now < quietUntil) return;
    try {
      if (now >= nextDueAt) nextDueAt = service.promote(now);
      const hungry = service.hungry();
      if (hungry.length === 0) return;
      const round = new Turn();
      opened.writeSoon(() => service.feed(hungry, round));
      for (const step of round.done) step();
    } catch (error) {
      // Nothing was claimed; the next look tries again.
      quietUntil = now + 200;
      post({ kind: "trouble", error: toPlain(error) });
    }
  }

  /** Looks for what others have written, what is due, and whose lease has run out. */
  function look(): void {
    const now = Date.now();
    try {
      if (now >= nextRenewalAt || now < nextRenewalAt - data.leaseMs) {
        nextRenewalAt = now + data.leaseMs / 3;
        service.renew(now);
      }
      if (now >= nextSweepAt || now < nextSweepAt - sweepEvery) {
        nextSweepAt = now + sweepEvery;
        service.sweep(now);
      }
      const seen = opened.changes();
      if (seen !== changes) {
        changes = seen;
        nextDueAt = 0;
      }
    } catch (error) {
      post({ kind: "trouble", error: toPlain(error) });
    }
    deliver();
    lookAgain();
  }

  /** Often while there is somebody to deliver to, else only for what dead members have left behind. */
  function lookAgain(): void {
    clearTimeout(timer);
    timer = setTimeout(look, service.members.size > 0 ? lookEvery : Math.max(sweepEvery, data.leaseMs / 3));
  }

  function shut({ id }: Request): void {
    clearTimeout(timer);
    opened.close();
    post({ kind: "answer", id, answer: undefined });
    port?.close();
  }
}
