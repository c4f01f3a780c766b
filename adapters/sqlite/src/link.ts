import { Worker } from "node:worker_threads";
import { WaybillError } from "@waybill/core";
import { fromPlain } from "./errors.ts";
import type { FromWorker, Kind, Requests, WorkerData } from "./protocol.ts";

/** What passes through the thread lives for a moment: left alone, V8 would give it some hundred MB before it clears up. */
const maxYoungGenerationSizeMb = 12;

interface Pending {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: WaybillError) => void;
}

/** What the worker says of itself, not as an answer. */
export type Heard = Exclude<FromWorker, { kind: "opened" | "answer" | "failed" }>;

export interface LinkListener {
  heard(message: Heard): void;
  /** The worker has died; whatever was asked and not answered has been rejected. */
  died(error: WaybillError): void;
}

/** The user's thread's end of one worker: questions and their answers. */
export class Link {
  readonly #worker: Worker;
  readonly #listener: LinkListener;
  readonly #pending = new Map<number, Pending>();
  #next = 1;
  #over = false;

  private constructor(worker: Worker, listener: LinkListener) {
    this.#worker = worker;
    this.#listener = listener;
    worker.on("message", (message: FromWorker) => this.#hear(message));
    worker.on("error", (error) =>
      this.#end(new WaybillError("UNAVAILABLE", `the database thread died: ${String(error)}`)),
    );
    worker.on("exit", () => this.#end(new WaybillError("UNAVAILABLE", "the database thread has ended")));
  }

  /** Starts a worker; resolves when it has opened the database. Rejects with why it could not. */
  static async open(data: WorkerData, listener: LinkListener): Promise<Link> {
    const worker = new Worker(new URL("./worker.js", import.meta.url), {
      workerData: data,
      name: "waybill-sqlite",
      resourceLimits: { maxYoungGenerationSizeMb },
    });
    const link = new Link(worker, listener);
    try {
      await new Promise<unknown>((resolve, reject) => link.#pending.set(0, { resolve, reject }));
    } catch (error) {
      link.#over = true;
      await worker.terminate();
      throw error;
    }
    return link;
  }

  /** Asks the worker. Rejects with its error, or `UNAVAILABLE` if it dies before it answers. */
  ask<K extends Kind>(
    kind: K,
    ask: Requests[K]["ask"],
    bodies: readonly ArrayBuffer[] = [],
  ): Promise<Requests[K]["answer"]> {
    if (this.#over) return Promise.reject(new WaybillError("UNAVAILABLE", "the database thread has ended"));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      this.#worker.postMessage({ id, kind, ask }, bodies);
    });
  }

  /** Gives back what its receivers hold, closes the database, ends the thread. */
  async close(): Promise<void> {
    if (this.#over) return;
    const ended = new Promise((resolve) => this.#worker.once("exit", resolve));
    await this.ask("close", undefined).catch(() => undefined);
    this.#over = true;
    await ended;
  }

  #hear(message: FromWorker): void {
    if (message.kind === "opened") this.#take(0)?.resolve(undefined);
    else if (message.kind === "answer") this.#take(message.id)?.resolve(message.answer);
    else if (message.kind === "failed") this.#take(message.id)?.reject(fromPlain(message.error));
    else this.#listener.heard(message);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #end(error: WaybillError): void {
    const closed = this.#over;
    this.#over = true;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    if (!closed) this.#listener.died(error);
  }
}
