/** Whether it is an instance of the class; false for what throws when asked, such as a proxy that was revoked. */
export function isA<T>(thrown: unknown, type: abstract new (...args: never) => T): thrown is T {
  try {
    return thrown instanceof type;
  } catch {
    return false;
  }
}
