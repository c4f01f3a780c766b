import { protocolErrorsCodesById } from "@platformatic/kafka";

/** The name that the protocol has for an error. */
export function reasonOf(code: number): string {
  return (protocolErrorsCodesById as Readonly<Record<number, string>>)[code] ?? `ERROR_${code}`;
}
