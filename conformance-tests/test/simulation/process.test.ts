import { expect, test } from "vitest";
import { Dice } from "../../src/simulation/dice.ts";
import { Process } from "../../src/simulation/process.ts";
import { Timeline } from "../../src/simulation/timeline.ts";

const control = { crash: () => undefined, freeze: () => undefined, thaw: () => undefined };

function world(): { readonly timeline: Timeline; readonly process: Process; readonly fired: number[] } {
  const timeline = new Timeline(() => 0);
  const process = new Process("p", { timeline, dice: new Dice(1, 1) }, control);
  const began = timeline.now();
  const fired: number[] = [];
  for (const ms of [10, 20, 30]) process.clock.after(ms, () => void fired.push(timeline.now() - began));
  return { timeline, process, fired };
}

test("timers of a frozen process wait until it thaws", async () => {
  const { timeline, process, fired } = world();
  timeline.after(15, () => process.freeze());
  timeline.after(100, () => process.thaw());
  await timeline.drive(timeline.sleep(200));
  expect(fired).toEqual([10, 100, 100]);
});

test("a timer that was cancelled while its process was frozen never fires", async () => {
  const { timeline, process, fired } = world();
  process.freeze();
  const cancel = process.clock.after(5, () => void fired.push(5));
  timeline.after(50, cancel);
  timeline.after(100, () => process.thaw());
  await timeline.drive(timeline.sleep(200));
  expect(fired).toEqual([100, 100, 100]);
});

test("a crashed process does nothing more", async () => {
  const { timeline, process, fired } = world();
  timeline.after(15, () => process.crash());
  timeline.after(25, () => process.thaw());
  await timeline.drive(timeline.sleep(200));
  expect(fired).toEqual([10]);
});
