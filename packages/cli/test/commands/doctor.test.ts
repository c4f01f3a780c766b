import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { emails, orders, place, refusedOrders } from "../support.ts";

test("says what is right, where each setting comes from, and creates nothing", async () => {
  const { bus, folder, run, json } = await place({
    namespace: "waybill",
    adapters: { sqlite: { leaseMs: 12_345 } },
    consumers: { "order.placed/billing": {}, "email.send": {}, "order.placed/later": {} },
  });
  await refusedOrders(bus, ["o-1"]);
  await bus.inbox(emails).stats();
  const { code, stdout } = await run("doctor");
  expect(stdout.split("\n")).toEqual([
    `✓ node: ${process.versions.node}`,
    `✓ configuration: ${join(folder, "waybill.config.json")}`,
    `· url: sqlite:${folder}/waybill.db (file)`,
    "· namespace: waybill (file)",
    "· consumers: order.placed/billing, email.send, order.placed/later (file)",
    "· sections: sqlite (file)",
    expect.stringMatching(/^✓ connection: in \d+ ms$/),
    expect.stringMatching(/^✓ carrier: order key, attempts stored, move atomic, durability disk, can .*topics/),
    "✓ order.placed/billing: is there, with 1 dead letter",
    "✓ email.send: is there",
    "· order.placed/later: is not there yet; its first consumer makes it",
    "",
  ]);
  expect(code).toBe(0);
  expect(await json("doctor")).toContainEqual({ what: "email.send", ok: true, text: "is there" });
  expect((await run("stats", "order.placed/later")).stderr).toContain("is not there");
});

test("what is missing is wrong where nothing may be created", async () => {
  const { bus, run } = await place({ topology: "verify", consumers: { "order.placed/billing": {} } });
  await bus.inbox(orders, "shipping").stats();
  const { code, stdout } = await run("doctor");
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ order\.placed\/billing: .*"billing".* is not there/);
});

test("a carrier that cannot be reached is wrong, and no secret is shown", async () => {
  const { run } = await place({ adapters: { sqlite: { token: "s3cret" } } });
  const { code, stdout } = await run("doctor", "--url", "nats://user:s3cret@host:4222/x?password=s3cret");
  expect(code).toBe(1);
  expect(stdout).toContain("· url: nats://…@host:4222/x?password=… (argument)");
  expect(stdout).toMatch(/✗ connection: no adapter for "nats:"/);
  expect(stdout).not.toContain("s3cret");
});

test("nothing there yet is not wrong where it may be created", async () => {
  const { folder, run } = await place();
  const { code, stdout } = await run("doctor", "--url", `sqlite:${folder}/new.db`);
  expect(code).toBe(0);
  expect(stdout).toContain("· connection: nothing is there yet; the first service that connects makes it");
  await expect(rm(join(folder, "new.db"))).rejects.toThrow("ENOENT");
});

test("--iam prints the least policy for the settings, and connects to nothing", async () => {
  const { run, json } = await place({ topology: "verify", adapters: { sqs: { sns: false } } });
  const { code, stdout } = await run("doctor", "--url", "sqs://eu-central-1", "--iam");
  expect(code).toBe(0);
  expect(stdout).toContain('"sqs:SendMessage"');
  expect(stdout).not.toMatch(/sns:/);
  expect(await json("doctor", "--url", "sqs://eu-central-1", "--iam")).toEqual([JSON.parse(stdout)]);
  const other = await run("doctor", "--iam");
  expect(other.code).toBe(1);
  expect(other.stderr).toContain("sqlite has no policy");
});

test("mistakes in the settings are shown, all of them", async () => {
  const { run } = await place({ namespase: "x", publishTimeout: "soon" });
  const { code, stdout } = await run("doctor");
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /✗ configuration: .*2 mistakes:\n {2}publishTimeout: .*\n {2}namespase: is unknown; did you mean "namespace"\?/,
  );
});
