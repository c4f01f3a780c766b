/** The value that a text holds; undefined where it holds none, whoever has written it (FLT-3). */
export function jsonIn(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
