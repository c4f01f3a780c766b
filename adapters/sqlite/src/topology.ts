import { type Address, type Inbox, type Place, type Shape, type Source, WaybillError } from "@waybill/core";
import type { Database } from "./database.ts";

/** One inbox as its entries refer to it. */
export interface Box {
  readonly id: number;
  readonly ordered: boolean;
}

/** The topics, queues and groups of one namespace. All calls belong into a transaction. */
export class Topology {
  readonly #database: Database;
  readonly #namespace: string;
  readonly #verify: boolean;

  constructor(database: Database, namespace: string, verify: boolean) {
    this.#database = database;
    this.#namespace = namespace;
    this.#verify = verify;
  }

  /** Makes what is missing, refuses what differs (LAY-1), makes nothing to verify (LIF-5). An ephemeral inbox ends at `expiresAt`. */
  declare(place: Place, expiresAt: number): void {
    if (place.kind === "source") this.#declareSource(place);
    else this.#declareInbox(place.inbox, expiresAt);
  }

  /** Removes it with all its entries. */
  remove(place: Place): void {
    if (place.kind === "inbox") {
      const box = this.find(place.inbox);
      if (box !== undefined) this.removeBox(box.id);
      return;
    }
    const source = this.#source(place.name);
    if (source === undefined) return;
    for (const { id } of this.#boxes(source.id)) this.removeBox(id);
    this.#database.prepare("DELETE FROM source WHERE id = ?").run(source.id);
  }

  removeBox(id: number): void {
    this.#database.prepare("DELETE FROM body WHERE seq IN (SELECT seq FROM entry WHERE inbox = ?)").run(id);
    this.#database.prepare("DELETE FROM entry WHERE inbox = ?").run(id);
    this.#database.prepare("DELETE FROM lease WHERE inbox = ?").run(id);
    this.#database.prepare("DELETE FROM inbox WHERE id = ?").run(id);
  }

  /** Where a message to this address is stored. @throws WaybillError `NO_ROUTE`, `MISSING` */
  route(to: Address): readonly Box[] {
    if (to.kind === "inbox") return [this.box(to.inbox)];
    if (to.kind === "reply") throw new WaybillError("UNSUPPORTED", "sqlite: takes no replies");
    const source = this.#source(to.name);
    if (source === undefined) throw new WaybillError("NO_ROUTE", `"${to.name}" was never declared`);
    return this.#boxes(source.id);
  }

  /** @throws WaybillError `MISSING` */
  box(inbox: Inbox): Box {
    const box = this.find(inbox);
    if (box !== undefined) return box;
    throw new WaybillError("MISSING", `group "${inbox.group}" of "${inbox.source}" is not there; declare it`);
  }

  find({ source, group }: Inbox): Box | undefined {
    const row = this.#database
      .prepare(
        `SELECT inbox.id, inbox.ordered FROM inbox JOIN source ON source.id = inbox.source
         WHERE source.namespace = ? AND source.name = ? AND inbox.name = ?`,
      )
      .get(this.#namespace, source, group);
    return row && { id: Number(row["id"]), ordered: row["ordered"] === 1 };
  }

  #declareSource({ name, shape }: Source): void {
    const known = this.#source(name);
    if (known !== undefined) {
      refuse(`${shape.kind} "${name}"`, known.shape, shape);
      return;
    }
    if (this.#verify)
      throw new WaybillError("MISSING", `${shape.kind} "${name}" is not there, and topology is "verify"`);
    this.#database
      .prepare("INSERT INTO source (namespace, name, kind, ordered, priorities, retain_ms) VALUES (?, ?, ?, ?, ?, ?)")
      .run(this.#namespace, name, shape.kind, Number(shape.ordered), shape.priorities, shape.retainMs);
    if (shape.kind === "queue") {
      this.#declareInbox({ source: name, shape, group: name, ordered: shape.ordered, ephemeral: false }, 0);
    }
  }

  #declareInbox(inbox: Inbox, expiresAt: number): void {
    const { source: name, group, ordered, ephemeral } = inbox;
    const source = this.#source(name);
    if (source === undefined) throw new WaybillError("NO_ROUTE", `"${name}" was never declared`);
    const known = this.#database
      .prepare("SELECT ordered, ephemeral FROM inbox WHERE source = ? AND name = ?")
      .get(source.id, group);
    if (known !== undefined) {
      const there = { ordered: known["ordered"] === 1, ephemeral: known["ephemeral"] === 1 };
      refuse(`group "${group}" of "${name}"`, there, { ordered, ephemeral });
      return;
    }
    if (this.#verify && !ephemeral) {
      throw new WaybillError("MISSING", `group "${group}" of "${name}" is not there, and topology is "verify"`);
    }
    this.#database
      .prepare("INSERT INTO inbox (source, name, ordered, ephemeral, expires_at) VALUES (?, ?, ?, ?, ?)")
      .run(source.id, group, Number(ordered), Number(ephemeral), ephemeral ? expiresAt : null);
  }

  #source(name: string): { readonly id: number; readonly shape: Shape } | undefined {
    const row = this.#database
      .prepare("SELECT id, kind, ordered, priorities, retain_ms FROM source WHERE namespace = ? AND name = ?")
      .get(this.#namespace, name);
    if (row === undefined) return undefined;
    const shape: Shape = {
      kind: row["kind"] === "queue" ? "queue" : "topic",
      ordered: row["ordered"] === 1,
      priorities: Number(row["priorities"]),
      retainMs: Number(row["retain_ms"]),
    };
    return { id: Number(row["id"]), shape };
  }

  #boxes(source: number): readonly Box[] {
    const rows = this.#database.prepare("SELECT id, ordered FROM inbox WHERE source = ?").all(source);
    return rows.map((row) => ({ id: Number(row["id"]), ordered: row["ordered"] === 1 }));
  }
}

/** @throws WaybillError `TOPOLOGY_MISMATCH` naming each difference */
function refuse(what: string, there: object, asked: object): void {
  const has = new Map<string, unknown>(Object.entries(there));
  const differences = Object.entries(asked)
    .filter(([name, value]) => has.get(name) !== value)
    .map(([name, value]) => `${name} is ${String(has.get(name))}, asked for is ${String(value)}`);
  if (differences.length === 0) return;
  throw new WaybillError(
    "TOPOLOGY_MISMATCH",
    `${what} exists with another layout: ${differences.join("; ")}; use another name, or remove it first`,
  );
}
