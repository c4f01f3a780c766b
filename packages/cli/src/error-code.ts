/** The code of a `WaybillError`, also of one from another copy of core. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && error.name === "WaybillError" && "code" in error ? String(error.code) : undefined;
}
