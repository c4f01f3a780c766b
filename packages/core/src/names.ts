/** Topics and queues whose names begin so are Waybill's own. */
export const internalPrefix = "waybill.";

const longest = 255;
const control = /\p{Cc}/u;

/**
 * Checks the name of a topic, queue, group or namespace and returns it: 1 to 255 bytes of UTF-8, no control character and no
 * half of a surrogate pair, no segment between dots empty or a wildcard; topics and queues that begin with "waybill." are our
 * own. Everything else is kept apart exactly (SUB-3); adapters encode it where their broker allows less.
 * @throws TypeError naming the value and what is allowed
 */
export function checkName(
  what: "topic" | "queue" | "group" | "namespace" | "source" | "schedule",
  name: string,
): string {
  const flaw =
    flawOf(name) ?? (isInternal(what, name) ? `begins with "${internalPrefix}", which is Waybill's own` : undefined);
  if (flaw === undefined) return name;
  throw new TypeError(
    `${what} name ${JSON.stringify(name)} ${flaw}; allowed are 1 to ${longest} bytes of UTF-8 without control characters, ` +
      `in segments separated by dots, none of them empty, "*" or "#"`,
  );
}

/**
 * Checks a pattern of topic names and returns it: as `checkName`, with at least one segment that is `*` or `#` (SUB-4).
 * @throws TypeError naming the value and what is allowed
 */
export function checkPattern(pattern: string): string {
  const flaw = patternFlawOf(pattern);
  if (flaw === undefined) return pattern;
  throw new TypeError(
    `pattern ${JSON.stringify(pattern)} ${flaw}; a pattern is a topic's name with "*" for one of its segments or "#" for any number`,
  );
}

function patternFlawOf(pattern: unknown): string | undefined {
  if (typeof pattern !== "string") return "is not a string";
  const segments = pattern.split(".");
  const plain = segments.map((segment) => (segment === "*" || segment === "#" ? "x" : segment));
  if (plain.every((segment, index) => segment === segments[index])) return "has no wildcard, subscribe to the topic";
  return flawOf(plain.join("."));
}

function isInternal(what: string, name: string): boolean {
  return (what === "topic" || what === "queue") && name.startsWith(internalPrefix);
}

function flawOf(name: unknown): string | undefined {
  if (typeof name !== "string") return "is not a string";
  if (name === "") return "is empty";
  if (Buffer.byteLength(name) > longest) return `has ${Buffer.byteLength(name)} bytes`;
  if (control.test(name)) return "has a control character";
  if (!name.isWellFormed()) return "has half of a surrogate pair";
  if (name.split(".").some((segment) => segment === "" || segment === "*" || segment === "#")) {
    return "has an empty segment or a wildcard";
  }
  return undefined;
}
