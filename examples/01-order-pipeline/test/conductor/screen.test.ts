import { expect, test } from "vitest";
import { Screen } from "../../src/conductor/screen.ts";

/** What a terminal shows in the end, given what Screen writes: text, and "go up n lines and erase to the end". */
function shown(written: string): readonly string[] {
  const lines: string[] = [];
  // oxlint-disable-next-line no-control-regex
  for (const [, up, text] of written.matchAll(/\u001b\[(\d+)A\u001b\[J|([^\n\u001b]*)\n/g)) {
    if (up === undefined) lines.push(text ?? "");
    else lines.splice(-Number(up));
  }
  return lines;
}

function screen(): { readonly screen: Screen; written: string } {
  const stream = { isTTY: true, columns: 20, written: "", write: (text: string) => (stream.written += text) };
  return Object.assign(stream, { screen: new Screen(stream) });
}

test("a block is drawn in place, below what is printed", () => {
  const terminal = screen();
  terminal.screen.print("first");
  terminal.screen.draw(["1 of 9", "2 of 9"]);
  terminal.screen.draw(["3 of 9", "4 of 9"]);
  terminal.screen.print("second");
  expect(shown(terminal.written)).toEqual(["first", "second", "3 of 9", "4 of 9"]);
  terminal.screen.clear();
  terminal.screen.print("third");
  expect(shown(terminal.written)).toEqual(["first", "second", "third"]);
});

test("a line of a block never wraps", () => {
  const terminal = screen();
  terminal.screen.draw(["x".repeat(99)]);
  expect(shown(terminal.written)).toEqual(["x".repeat(19)]);
});

test("without a terminal only text is written", () => {
  let written = "";
  const plain = new Screen({ write: (text) => (written += text) });
  plain.print("line");
  plain.clear();
  expect({ live: plain.live, written }).toEqual({ live: false, written: "line\n" });
});
