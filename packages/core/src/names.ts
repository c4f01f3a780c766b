const longest = 255;
const control = /\p{Cc}/u;

/**
 * Checks the name of a topic, queue, group or namespace and returns it: 1 to 255 bytes of UTF-8, no control character and no
 * half of a surrogate pair, no segment between dots empty or a wildcard. Everything else is kept apart exactly (SUB-3);
 * adapters encode it where their broker allows less.
 * @throws TypeError naming the value and what is allowed
 */
export function checkName(what: "topic" | "queue" | "group" | "namespace" | "source", name: string): string {
  const flaw = flawOf(name);
  if (flaw === undefined) return name;
  throw new TypeError(
    `${what} name ${JSON.stringify(name)} ${flaw}; allowed are 1 to ${longest} bytes of UTF-8 without control characters, ` +
      `in segments separated by dots, none of them empty, "*" or "#"`,
  );
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
