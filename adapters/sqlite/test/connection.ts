import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Flow, Inbox, WireMessage } from "@waybill/core";
import { afterAll } from "vitest";
import { Database } from "../src/database.ts";
import type { Share } from "../src/feeder.ts";
import type { FromWorker, Kind, Request, Requests, WorkerData } from "../src/protocol.ts";
import { Service } from "../src/service.ts";
import { Turn } from "../src/turn.ts";

const folder = mkdtempSync(join(tmpdir(), "waybill-"));
afterAll(() => rmSync(folder, { recursive: true }));

export const leaseMs = 1_000;
const flow: Flow = { window: 10, bytes: 1_000_000, settle: "after" };
export const fromNow = { from: "now", reset: false } as const;

/** The settings of a new file. */
export function newFile(settings: Partial<WorkerData> = {}): WorkerData {
  const file = join(folder, `${randomUUID()}.db`);
  return { file, leaseMs, maxPages: undefined, namespace: "test", topology: "create", ...settings };
}

export function message(id: string, more: Partial<WireMessage> = {}): WireMessage {
  const body = Buffer.from(`body of ${id}`);
  const rest = { key: undefined, headers: {}, body, deliverAt: undefined, priority: 0 };
  return { id, dedupe: id, source: "q", ...rest, ...more };
}

/** A connection to the file without its thread: does what is asked, one transaction each. */
export class Connection {
  readonly service: Service;
  readonly database: Database;
  readonly told: FromWorker[] = [];

  constructor(data: WorkerData, database: Database = new Database(data)) {
    this.database = database;
    this.service = new Service(database, data, (told) => this.told.push(told));
  }

  ask<K extends Kind>(kind: K, ask: Requests[K]["ask"]): Requests[K]["answer"] {
    return this.round([{ kind, ask }])[0] as Requests[K]["answer"];
  }

  /** Does several things in one transaction, and with a share feeds its members in it, as the thread does. */
  round(asked: readonly Pick<Request, "kind" | "ask">[], share?: Share): readonly unknown[] {
    return this.#write((turn) => {
      const answers = asked.map(({ kind, ask }) => this.service.execute({ id: 0, kind, ask }, turn));
      if (share !== undefined) this.service.feeder.feed(this.service.feeder.hungry(), turn, share);
      return answers;
    });
  }

  join(receiver: number, inbox: Inbox, how: Partial<Flow> = {}): void {
    this.ask("receive", { receiver, inbox, flow: { ...flow, ...how }, again: false });
  }

  feed(share: Share = "all"): void {
    this.round([], share);
  }

  /** The ids of what was delivered, in order. */
  get delivered(): readonly string[] {
    return this.told.flatMap((told) => (told.kind === "deliver" ? told.rows.messages.ids : []));
  }

  /** The numbers of what was delivered, by id; the last delivery counts. */
  get seqs(): ReadonlyMap<string, number> {
    return new Map(
      this.told.flatMap((told) =>
        told.kind === "deliver"
          ? told.rows.messages.ids.map((id, index) => [id, told.rows.seqs[index] ?? 0] as const)
          : [],
      ),
    );
  }

  /** Settles these deliveries of a receiver as handled; gives the numbers of the lost ones. */
  ack(receiver: number, ids: readonly string[]): readonly number[] {
    const acks = ids.map((id) => this.seqs.get(id) ?? 0);
    return this.ask("settle", { receiver, acks, others: [], effects: [] });
  }

  #write<T>(work: (turn: Turn) => T): T {
    const turn = new Turn();
    try {
      const result = this.database.write(() => work(turn));
      for (const step of turn.done) step();
      return result;
    } catch (error) {
      for (const step of turn.undone) step();
      throw error;
    }
  }
}
