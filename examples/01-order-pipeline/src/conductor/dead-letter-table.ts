import type { DeadLetter } from "@waybill/core";
import { table } from "./table.ts";

/** How many letters of one reason are shown. */
const shown = 3;

/** The letters by reason, a few of each, oldest first; no line where there is no letter. */
export function deadLetterTable(letters: readonly DeadLetter[]): readonly string[] {
  if (letters.length === 0) return [];
  const rows: (readonly (string | number)[])[] = [["reason", "attempts", "order", "error"]];
  const byReason = [...Map.groupBy(letters, ({ reason }) => reason)].toSorted(([one], [other]) =>
    one.localeCompare(other),
  );
  for (const [reason, alike] of byReason) {
    for (const { id, attempts, error } of alike.slice(0, shown)) {
      rows.push([reason, attempts, id, `${error.name}: ${error.message}`]);
    }
    if (alike.length > shown) rows.push([reason, "", "", `… and ${alike.length - shown} more`]);
  }
  return table(rows);
}
