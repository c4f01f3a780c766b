import type { Flag } from "./command.ts";

/** What every command takes. */
export const common: readonly Flag[] = [
  { name: "url", value: "url", summary: "the carrier, before WAYBILL_URL and the configuration file" },
  { name: "namespace", value: "name", summary: "the namespace, likewise" },
  { name: "config", value: "file", summary: "the configuration file" },
  { name: "json", summary: "for machines: one JSON value a line" },
  { name: "verbose", summary: "errors with their stack; what the connection reports" },
  { name: "help", short: "h", summary: "help, also for one command" },
  { name: "version", summary: "the version" },
];

/** Where a command works on one inbox. */
export const inboxFlags: readonly Flag[] = [
  { name: "queue", value: "name", summary: "a queue, instead of <topic> <group>" },
];

/** Which dead letters. */
export const filterFlags: readonly Flag[] = [
  { name: "id", value: "id", summary: "this one; may be given several times" },
  { name: "reason", value: "reason", summary: "dead for this reason: exhausted, permanent, malformed, invalid, …" },
  { name: "older-than", value: "time", summary: "dead for longer than this: 30m, 2h, 7d" },
  { name: "grep", value: "regexp", summary: "data, headers, key or error matches" },
  { name: "limit", value: "n", summary: "at most this many, oldest first" },
];
