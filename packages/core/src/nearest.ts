/** The known name that takes the fewest letters put in, taken out or changed, in either case. */
export function nearest(name: string, known: readonly string[]): string {
  const far = (other: string): number => distance(name.toLowerCase(), other.toLowerCase());
  const [first = ""] = known.toSorted((one, other) => far(one) - far(other));
  return first;
}

/** A table over both words, one row at a time. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, letter] of Array.from(one).entries()) {
    const next = [at + 1];
    for (let index = 1; index <= other.length; index += 1) {
      const changed = (row[index - 1] ?? 0) + (letter === other[index - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[index] ?? 0) + 1, (next[index - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
