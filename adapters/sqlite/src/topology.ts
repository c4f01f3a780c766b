import {
  type Address,
  checkLayout,
  fits,
  type Inbox,
  type InboxName,
  inboxAt,
  nameOf,
  type Place,
  type Shape,
  type Source,
  WaybillError,
} from "@waybill/core";
import type { Database } from "./database.ts";
import { Remains } from "./remains.ts";

/** One inbox as its entries refer to it. */
export interface Box {
  readonly id: number;
  readonly ordered: boolean;
}

/** How long a topic, by number, keeps its messages for replay. */
export interface Retention {
  readonly source: number;
  readonly retainMs: number;
}

/** Where a message is stored: in each of the boxes, and in the log where its topic keeps it. */
export interface Route {
  readonly boxes: readonly Box[];
  readonly log: Retention | undefined;
}

interface KnownSource {
  readonly id: number;
  readonly shape: Shape;
}

/** The topics, queues and groups of one namespace. What changes something belongs into a transaction. */
export class Topology {
  readonly #database: Database;
  readonly #namespace: string;
  readonly #verify: boolean;
  readonly #remains: Remains;
  /** Looked up once for each version of the topology, so that many topics, groups and patterns cost a message nothing. */
  readonly #routes = new Map<string, Route>();
  #version = -1;

  constructor(database: Database, namespace: string, verify: boolean) {
    this.#database = database;
    this.#namespace = namespace;
    this.#verify = verify;
    this.#remains = new Remains(database);
  }

  /** Another number whenever a source or an inbox was made or removed, by any process. */
  version(): number {
    return Number(this.#database.prepare("SELECT version FROM topology").get()?.["version"]);
  }

  /** After a transaction that came to nothing: its numbers may be given to other changes. */
  forget(): void {
    this.#version = -1;
  }

  /** Makes what is missing, refuses what differs (LAY-1), makes nothing to verify (LIF-5). */
  declareSource({ name, shape }: Source): void {
    const known = this.#source(name);
    if (known !== undefined) {
      checkLayout(`${shape.kind} "${name}"`, known.shape, shape);
      return;
    }
    if (this.#verify) throw missing(`${shape.kind} "${name}"`);
    this.#database
      .prepare("INSERT INTO source (namespace, name, kind, ordered, priorities, retain_ms) VALUES (?, ?, ?, ?, ?, ?)")
      .run(this.#namespace, name, shape.kind, Number(shape.ordered), shape.priorities, shape.retainMs);
    if (shape.kind === "queue") {
      this.declareInbox({ source: name, shape, group: name, ordered: shape.ordered, ephemeral: false }, 0);
    }
  }

  /** The same for an inbox; says whether it is new. An ephemeral one ends at `expiresAt`. */
  declareInbox(inbox: Inbox, expiresAt: number): { readonly box: Box; readonly isNew: boolean } {
    const { source, group, shape, ordered, ephemeral } = inbox;
    const isPattern = shape.kind === "pattern";
    const sourceId = isPattern ? null : this.#declared(source).id;
    const known = this.#find({ source, group, isPattern });
    if (known !== undefined) {
      checkLayout(`group "${group}" of "${source}"`, known, { ordered, ephemeral });
      return { box: known, isNew: false };
    }
    if (this.#verify && !ephemeral) throw missing(`group "${group}" of "${source}"`);
    const [namespace, pattern] = isPattern ? [this.#namespace, source] : [null, null];
    const { lastInsertRowid } = this.#database
      .prepare(
        "INSERT INTO inbox (source, namespace, pattern, name, ordered, ephemeral, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      )
      .run(sourceId, namespace, pattern, group, Number(ordered), Number(ephemeral), ephemeral ? expiresAt : null);
    return { box: { id: Number(lastInsertRowid), ordered }, isNew: true };
  }

  /** Removes it; its messages go in steps afterwards. */
  remove(place: Place): void {
    if (place.kind === "inbox") {
      const box = this.#find(nameOf(place.inbox));
      if (box !== undefined) this.removeBox(box.id);
      return;
    }
    const source = this.#source(place.name);
    if (source === undefined) return;
    const boxes = this.#database.prepare("SELECT id FROM inbox WHERE source = ?").all(source.id);
    for (const { id } of boxes) this.removeBox(Number(id));
    if (source.shape.retainMs > 0) this.#remains.leave("log", source.id);
    this.#database.prepare("DELETE FROM source WHERE id = ?").run(source.id);
  }

  removeBox(id: number): void {
    this.#database
      .prepare(
        `UPDATE entry SET state = 0, token = NULL
         WHERE state = 1 AND token IN (SELECT token FROM lease WHERE inbox = ?)`,
      )
      .run(id);
    this.#database.prepare("DELETE FROM lease WHERE inbox = ?").run(id);
    this.#database.prepare("DELETE FROM inbox WHERE id = ?").run(id);
    this.#remains.leave("inbox", id);
  }

  /** @throws WaybillError `NO_ROUTE` for a source never declared and a reply address that is gone, `MISSING` for an inbox */
  route(to: Address): Route {
    if (to.kind === "inbox") return { boxes: [this.box(to.inbox)], log: undefined };
    if (to.kind === "reply") return { boxes: [this.#replyBox(to.to)], log: undefined };
    const version = this.version();
    if (version !== this.#version) this.#routes.clear();
    this.#version = version;
    const known = this.#routes.get(to.name);
    if (known !== undefined) return known;
    const route = this.#routeOf(to.name);
    this.#routes.set(to.name, route);
    return route;
  }

  /** Whether it is the reply address of an inbox that is not there any more. */
  isGone(to: Address): boolean {
    const name = to.kind === "reply" ? inboxAt(to.to) : undefined;
    return to.kind === "reply" && (name === undefined || this.#find(name) === undefined);
  }

  /** @throws WaybillError `MISSING` */
  box(inbox: Inbox): Box {
    const box = this.#find(nameOf(inbox));
    if (box !== undefined) return box;
    throw new WaybillError("MISSING", `group "${inbox.group}" of "${inbox.source}" is not there; declare it`);
  }

  exists({ id }: Box): boolean {
    return this.#database.prepare("SELECT 1 FROM inbox WHERE id = ?").get(id) !== undefined;
  }

  /** The topics, by number, whose messages an inbox gets a copy of. */
  feeding({ source, shape }: Inbox): readonly number[] {
    if (shape.kind !== "pattern") return [this.#declared(source).id];
    return this.#database
      .prepare("SELECT id, name FROM source WHERE namespace = ? AND kind = 'topic'")
      .all(this.#namespace)
      .flatMap(({ id, name }) => (fits(source, String(name)) ? [Number(id)] : []));
  }

  #routeOf(name: string): Route {
    const { id, shape } = this.#declared(name);
    const own = this.#database.prepare("SELECT id, ordered FROM inbox WHERE source = ?").all(id);
    const fitting = shape.kind === "topic" ? this.#patterns().filter(({ pattern }) => fits(String(pattern), name)) : [];
    const boxes = [...own, ...fitting].map((row) => ({ id: Number(row["id"]), ordered: row["ordered"] === 1 }));
    return { boxes, log: shape.retainMs > 0 ? { source: id, retainMs: shape.retainMs } : undefined };
  }

  #patterns(): readonly Record<string, unknown>[] {
    return this.#database
      .prepare("SELECT id, ordered, pattern FROM inbox WHERE namespace = ? AND pattern IS NOT NULL")
      .all(this.#namespace);
  }

  #replyBox(address: string): Box {
    const name = inboxAt(address);
    const box = name && this.#find(name);
    if (box !== undefined) return box;
    throw new WaybillError("NO_ROUTE", `nobody is at the reply address ${JSON.stringify(address)} any more`);
  }

  #find({ source, group, isPattern }: InboxName): (Box & { readonly ephemeral: boolean }) | undefined {
    const row = this.#database
      .prepare(
        isPattern
          ? "SELECT id, ordered, ephemeral FROM inbox WHERE namespace = ? AND pattern = ? AND name = ?"
          : `SELECT inbox.id, inbox.ordered, ephemeral FROM inbox JOIN source ON source.id = inbox.source
             WHERE source.namespace = ? AND source.name = ? AND inbox.name = ?`,
      )
      .get(this.#namespace, source, group);
    return row && { id: Number(row["id"]), ordered: row["ordered"] === 1, ephemeral: row["ephemeral"] === 1 };
  }

  #declared(name: string): KnownSource {
    const source = this.#source(name);
    if (source !== undefined) return source;
    throw new WaybillError("NO_ROUTE", `"${name}" was never declared`);
  }

  #source(name: string): KnownSource | undefined {
    const row = this.#database
      .prepare("SELECT * FROM source WHERE namespace = ? AND name = ?")
      .get(this.#namespace, name);
    if (row === undefined) return undefined;
    const shape: Shape = {
      kind: row["kind"] as Shape["kind"],
      ordered: row["ordered"] === 1,
      priorities: Number(row["priorities"]),
      retainMs: Number(row["retain_ms"]),
    };
    return { id: Number(row["id"]), shape };
  }
}

function missing(what: string): WaybillError {
  return new WaybillError("MISSING", `${what} is not there, and topology is "verify"`);
}
