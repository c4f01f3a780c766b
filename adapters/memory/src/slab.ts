/**
 * Copies of many bodies, in one piece of memory: an allocation for each would cost more than the copying. Who keeps one of them
 * for long copies it again, so as not to keep the others.
 */
export function copies(bodies: readonly Uint8Array[]): readonly Uint8Array[] {
  const slab = Buffer.allocUnsafeSlow(bodies.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  return bodies.map((body) => {
    slab.set(body, at);
    at += body.length;
    return slab.subarray(at - body.length, at);
  });
}
