/** What was given cannot be used: a flag, an operand, a value. The message says what to give instead. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** What `make` gives; what it finds wrong with what the user has given is a `UsageError`. */
export function fromUser<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
