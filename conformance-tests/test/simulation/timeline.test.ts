import { expect, test } from "vitest";
import { Timeline } from "../../src/simulation/timeline.ts";

test("it jumps from timer to timer, and lets turns pass between them", async () => {
  const timeline = new Timeline(() => 0);
  const began = timeline.now();
  const seen: string[] = [];
  const note = (what: string) => (): void => void seen.push(`${what} at ${timeline.now() - began}`);
  timeline.after(3_600_000, note("late"));
  timeline.after(5, () => void setImmediate(note("turn")));
  timeline.after(5, note("second"));
  const cancel = timeline.after(6, note("cancelled"));
  cancel();
  await timeline.drive(timeline.sleep(3_600_000));
  expect(seen).toEqual(["turn at 5", "second at 5", "late at 3600000"]);
});

test("it says when nothing will ever happen, or goes on for ever", async () => {
  await expect(new Timeline(() => 0).drive(new Promise(() => undefined))).rejects.toThrow("nothing is left to happen");
  const timeline = new Timeline(() => 0);
  const again = (): void => void timeline.after(1, again);
  again();
  await expect(timeline.drive(new Promise(() => undefined))).rejects.toThrow("it goes on and on");
});

test("it rejects as the work does", async () => {
  await expect(new Timeline(() => 0).drive(Promise.reject(new Error("no")))).rejects.toThrow("no");
});
