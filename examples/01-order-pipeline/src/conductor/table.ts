/** Lines of columns; the first row is the head. Columns of figures stand to the right, text to the left. */
export function table(rows: readonly (readonly (string | number)[])[]): readonly string[] {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === "number" ? cell.toLocaleString("en") : cell)));
  const [head = []] = texts;
  const width = head.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)));
  const numeric = head.map((_, column) => typeof rows[1]?.[column] === "number");
  return texts.map((row) =>
    row
      .map((cell, column) =>
        numeric[column] === true ? cell.padStart(width[column] ?? 0) : cell.padEnd(width[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}
