import { expect, test } from "vitest";
import { Progress } from "../../src/conductor/progress.ts";
import { Screen } from "../../src/conductor/screen.ts";
import { Story } from "./story.ts";

const lanes = { ready: 12, inFlight: 3, delayed: undefined, dead: 0, oldestAt: undefined };

test("a row for each service: its share done, figures below their heads, ? for what the broker cannot tell", () => {
  const story = new Story();
  for (const id of ["a1", "a2", "b1", "b2"]) story.publish(id, "c-1");
  story.complete();
  story.handle("billing", "a1");
  let written = "";
  const screen = new Screen({ isTTY: true, columns: 80, write: (text) => (written += text) });
  new Progress(screen, story.ledger).show({ billing: lanes, shipping: lanes, email: lanes });
  expect(written).toBe(`
                                                ready  in flight  delayed  dead
orders   ████████████████████       4      0/s
billing  █████░░░░░░░░░░░░░░░       1      0/s     12          3        ?     0
shipping ░░░░░░░░░░░░░░░░░░░░       0      0/s     12          3        ?     0
email    ░░░░░░░░░░░░░░░░░░░░       0      0/s     12          3        ?     0
`);
});
