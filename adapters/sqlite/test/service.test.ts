import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Inbox, WireMessage } from "@waybill/core";
import { expect, test } from "vitest";
import { Database } from "../src/database.ts";
import type { Kind, Requests, WorkerData } from "../src/protocol.ts";
import { Service, Turn } from "../src/service.ts";
import { pack } from "../src/wire.ts";

const leaseMs = 1_000;
const shape = { kind: "queue", ordered: false, priorities: 1, retainMs: 0 } as const;
const source = { kind: "source", name: "q", shape } as const;
const inbox: Inbox = { source: "q", shape, group: "q", ordered: false, ephemeral: false };
const flow = { window: 10, bytes: 1_000, settle: "after" } as const;

function message(id: string): WireMessage {
  const body = Buffer.from(id);
  return { id, dedupe: id, source: "q", key: undefined, headers: {}, body, deliverAt: undefined, priority: 0 };
}

/** A connection to the file without its thread: does what is asked, one transaction each. */
class Connection {
  readonly service: Service;
  readonly delivered: string[] = [];
  readonly #database: Database;

  constructor(data: WorkerData) {
    this.#database = new Database(data);
    this.service = new Service(this.#database, data, (told) => {
      if (told.kind === "deliver") this.delivered.push(...told.rows.messages.ids);
    });
  }

  ask<K extends Kind>(kind: K, ask: Requests[K]["ask"]): void {
    this.#write((turn) => this.service.execute({ kind, id: 0, ask } as Parameters<Service["execute"]>[0], turn));
  }

  feed(): void {
    this.#write((turn) => this.service.feed(this.service.hungry(), turn));
  }

  #write(work: (turn: Turn) => unknown): void {
    const turn = new Turn();
    this.#database.write(() => work(turn));
    for (const step of turn.done) step();
  }
}

test("a member that was stopped past its lease claims nothing before it has another", () => {
  const file = join(tmpdir(), `waybill-${randomUUID()}.db`);
  const data: WorkerData = { file, leaseMs, maxPages: undefined, namespace: "test", topology: "create" };
  const [stopped, other] = [new Connection(data), new Connection(data)];
  stopped.ask("declare", [source]);
  stopped.ask("receive", { receiver: 1, inbox, flow });
  other.service.sweep(Date.now() + 2 * leaseMs);
  other.ask("send", { to: source, messages: pack([message("a")]) });
  stopped.feed();
  expect(stopped.delivered).toEqual([]);
  stopped.service.renew(Date.now());
  stopped.feed();
  expect(stopped.delivered).toEqual(["a"]);
});
