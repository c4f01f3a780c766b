import { closeSync, createReadStream, openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { Checker } from "./checker.ts";
import type { HistoryEvent, HistoryHead } from "./history.ts";
import type { Verdict } from "./verdict.ts";

/* A history on disk: one JSON value a line, the head first, so that a long run is written and judged without holding it in memory. */

const flushAt = 64 * 2 ** 10;

/** Writes a history as it happens. */
export class HistoryFile {
  readonly #file: number;
  #pending = "";

  constructor(path: string, head: HistoryHead) {
    this.#file = openSync(path, "w");
    this.#write(head);
  }

  readonly record = (event: HistoryEvent): void => this.#write(event);

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #write(value: unknown): void {
    this.#pending += `${JSON.stringify(value)}\n`;
    if (this.#pending.length >= flushAt) this.#flush();
  }

  #flush(): void {
    writeSync(this.#file, this.#pending);
    this.#pending = "";
  }
}

/** Judges what a `HistoryFile` has written. @throws SyntaxError naming the line that cannot be */
export async function judgeFile(path: string): Promise<Verdict> {
  let checker: Checker | undefined;
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    number += 1;
    try {
      if (checker === undefined) checker = new Checker(parseHead(line));
      else checker.add(parseEvent(line));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new SyntaxError(`${path}, line ${number}: ${reason}`, { cause: error });
    }
  }
  if (checker === undefined) throw new SyntaxError(`${path} is empty; give a history written by --json`);
  return checker.verdict();
}

/** @throws SyntaxError for what is no head */
function parseHead(line: string): HistoryHead {
  const { groups, ordered, rewinds } = parse(line);
  const isHead = Array.isArray(groups) && groups.every((group) => typeof group === "string") && groups.length > 0;
  if (isHead && typeof ordered === "boolean")
    return { groups: groups as readonly string[], ordered, rewinds: rewinds === true };
  throw new SyntaxError('no head; the first line is such as {"groups":["billing"],"ordered":true}');
}

type Fields = Readonly<Record<string, "string" | "number" | "boolean" | "string?" | "number?" | "boolean?">>;

const fields: Readonly<Record<HistoryEvent["kind"], Fields>> = {
  invoke: { key: "string?", deliverAt: "number?", poisoned: "boolean?" },
  ok: {},
  fail: {},
  unknown: {},
  deliver: { group: "string", at: "number", zombie: "boolean?" },
  done: { group: "string", at: "number" },
  dead: { group: "string" },
};

/** @throws SyntaxError for what is no event */
function parseEvent(line: string): HistoryEvent {
  const event = parse(line);
  const { kind, n } = event;
  if (typeof kind !== "string" || !Object.hasOwn(fields, kind))
    throw new SyntaxError(`no event: kind is ${show(kind)}; known are ${Object.keys(fields).join(" ")}`);
  if (!Number.isSafeInteger(n) || Number(n) < 0) throw new SyntaxError(`${kind}: n is ${show(n)}, not a whole number`);
  for (const [name, type] of Object.entries(fields[kind as HistoryEvent["kind"]])) {
    const value = event[name];
    const isLeftOut = value === undefined && type.endsWith("?");
    if (!isLeftOut && typeof value !== type.replace("?", ""))
      throw new SyntaxError(`${kind} of ${String(n)}: ${name} is ${show(value)}, not a ${type.replace("?", "")}`);
  }
  return event as unknown as HistoryEvent;
}

function parse(line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new SyntaxError(`not JSON, or cut off: ${line.slice(0, 60)}`, { cause });
  }
  if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  throw new SyntaxError(`no object: ${line.slice(0, 60)}`);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? "missing";
}
