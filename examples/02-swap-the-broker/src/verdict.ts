/** Says whether an output is the first one, or which line is the first that is not. */
export function verdict(output: string, first: string): string {
  if (output === first) return "the same output";
  const lines = output.split("\n");
  const wanted = first.split("\n");
  const index = wanted.findIndex((line, at) => line !== lines[at]);
  const at = index === -1 ? wanted.length : index;
  return `differs in line ${at + 1}: ${shown(lines[at])} instead of ${shown(wanted[at])}`;
}

function shown(line: string | undefined): string {
  return line === undefined ? "nothing" : `"${line}"`;
}
