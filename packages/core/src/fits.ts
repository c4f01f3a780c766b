/**
 * Whether a topic's name fits a pattern: segments between dots, of which `*` stands for exactly one and `#` for any number, none
 * too (SUB-4; AMQP 0-9-1, topic exchanges).
 */
export function fits(pattern: string, name: string): boolean {
  return fitsFrom(pattern.split("."), name.split("."));
}

/** A table over both, one row at a time, so that no pattern takes more than the product of the two lengths. */
function fitsFrom(pattern: readonly string[], name: readonly string[]): boolean {
  let row = [true, ...name.map(() => false)];
  for (const wanted of pattern) {
    const next = [wanted === "#" && row[0] === true];
    for (const [index, segment] of name.entries()) {
      const here =
        wanted === "#"
          ? row[index + 1] === true || next[index] === true
          : row[index] === true && (wanted === "*" || wanted === segment);
      next.push(here);
    }
    row = next;
  }
  return row.at(-1) === true;
}
