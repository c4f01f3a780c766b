import { expect, test } from "vitest";
import { emails, place } from "../support.ts";

test("lists the schedules that the carrier knows", async () => {
  const { bus, run, json } = await place();
  await bus.schedule("yearly", { cron: "0 0 1 1 *", to: emails, data: { to: "all" } });
  const nextYear = new Date(Date.UTC(new Date().getUTCFullYear() + 1, 0, 1)).toISOString();
  expect(await json("schedule", "list")).toEqual([
    {
      name: "yearly",
      cron: "0 0 1 1 *",
      zone: "UTC",
      missed: "all",
      target: { kind: "queue", name: "email.send" },
      next: nextYear,
    },
  ]);
  expect((await run("schedule", "list")).stdout).toContain(`yearly    0 0 1 1 *  UTC   queue email.send  ${nextYear}`);
});

test("none is no failure", async () => {
  const { bus, run } = await place();
  await bus.inbox(emails).stats();
  expect(await run("schedule", "list")).toEqual({ code: 0, stdout: "", stderr: "none\n" });
});
