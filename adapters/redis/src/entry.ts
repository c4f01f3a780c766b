import { Buffer } from "node:buffer";

/** The fields of an entry; what a foreign hand wrote has a body all the same. */
export function partsOf(fields: readonly Buffer[]): { readonly meta: Buffer | null; readonly body: Buffer } {
  const [first, meta, second, body] = fields;
  if (String(first) === "m" && String(second) === "d" && meta !== undefined && body !== undefined)
    return { meta, body };
  const index = fields.findIndex((field, at) => at % 2 === 0 && String(field) === "d");
  return { meta: null, body: fields[index + 1] ?? Buffer.alloc(0) };
}
