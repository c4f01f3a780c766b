import { Buffer } from "node:buffer";

/** The fields of an entry; what a foreign hand wrote has a body all the same. */
export function partsOf(fields: readonly Buffer[]): { readonly meta: Buffer | null; readonly body: Buffer } {
  const [first, meta, second, body] = fields;
  if (isNamed(first, m) && isNamed(second, d) && meta !== undefined && body !== undefined) return { meta, body };
  const index = fields.findIndex((field, at) => at % 2 === 0 && isNamed(field, d));
  return { meta: null, body: fields[index === -1 ? 1 : index + 1] ?? Buffer.alloc(0) };
}

const [m, d] = [0x6d, 0x64];

function isNamed(field: Buffer | undefined, char: number): boolean {
  return field?.length === 1 && field[0] === char;
}
