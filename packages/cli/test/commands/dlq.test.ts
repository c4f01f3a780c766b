import { describe, expect, test } from "vitest";
import { orders, place, refusedOrders } from "../support.ts";

const billing = ["order.placed", "billing"] as const;

describe("list", () => {
  test("shows each in a line, oldest first, and takes nothing away", async () => {
    const { bus, run } = await place();
    await refusedOrders(bus, ["o-1", "o-2"]);
    const once = await run("dlq", "list", ...billing);
    expect(once.code).toBe(0);
    expect(once.stdout).toMatch(
      /^[\w-]{36} {2}\d{4}-[\dT:.-]+Z {2}permanent {2}1 attempt {2}key=o-1 {2}card of o-1 was refused\n.*key=o-2.*\n$/,
    );
    expect(await run("dlq", "list", ...billing)).toEqual(once);
  });

  test("an empty one is no failure", async () => {
    const { bus, run } = await place();
    await bus.inbox(orders, "billing").stats();
    expect(await run("dlq", "list", ...billing)).toEqual({ code: 0, stdout: "", stderr: "none\n" });
  });

  test("ends quietly when nobody reads it any more", async () => {
    const { bus, start } = await place();
    const ids = Array.from({ length: 300 }, (_, index) => `o-${index}`);
    await refusedOrders(bus, ids);
    const list = start("dlq", "list", ...billing);
    list.closeOutput();
    expect(await list.ended).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test.each([
    [
      ["--reason", "permanent"],
      ["o-1", "o-2", "o-3"],
    ],
    [["--reason", "exhausted"], []],
    [
      ["--grep", "card of o-[12]"],
      ["o-1", "o-2"],
    ],
    [["--grep", `"orderId":"o-3"`], ["o-3"]],
    [
      ["--grep", "north"],
      ["o-1", "o-2", "o-3"],
    ],
    [["--older-than", "1h"], []],
    [
      ["--limit", "2"],
      ["o-1", "o-2"],
    ],
    [["--grep", "o-[23]", "--limit", "1"], ["o-2"]],
  ] as const)("filters: %j", async (flags, keys) => {
    const { bus, json } = await place();
    await refusedOrders(bus, ["o-1", "o-2", "o-3"]);
    const letters = (await json("dlq", "list", ...billing, ...flags)) as readonly { readonly key: string }[];
    expect(letters.map(({ key }) => key)).toEqual(keys);
  });
});

test("show has everything, the machine's form with the data", async () => {
  const { bus, run, json } = await place();
  await refusedOrders(bus, ["o-1", "o-2"]);
  const [letter] = (await json("dlq", "show", ...billing, "--limit", "1")) as readonly { readonly id: string }[];
  expect(letter).toMatchObject({
    source: "order.placed",
    group: "billing",
    key: "o-1",
    reason: "permanent",
    attempts: 1,
    headers: { region: "north" },
    error: { name: "PermanentError", message: "card of o-1 was refused" },
    data: { orderId: "o-1", total: 42 },
    history: [],
  });
  expect(letter).not.toHaveProperty("raw");
  const { code, stdout } = await run("dlq", "show", ...billing, "--id", letter?.id ?? "");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^id {13}[\w-]{36}\nfrom {11}order\.placed for billing\nkey {12}o-1\nreason {9}permanent after 1 attempt\n/,
  );
  expect(stdout).toMatch(/error {10}PermanentError: card of o-1 was refused\n {15} +at /);
  expect(stdout).not.toContain("o-2");
});

test("an id that is not there is named, with exit code 1", async () => {
  const { bus, run } = await place();
  await refusedOrders(bus, ["o-1"]);
  for (const command of ["list", "show", "redrive"]) {
    const { code, stderr } = await run("dlq", command, ...billing, "--id", "nobody");
    expect({ code, stderr }).toEqual({ code: 1, stderr: "waybill: nobody is not among the dead letters\n" });
  }
});

describe("redrive", () => {
  test("gives back what is meant, to this group alone; --dry-run only counts", async () => {
    const { bus, run, json } = await place();
    await bus.inbox(orders, "shipping").stats();
    await refusedOrders(bus, ["o-1", "o-2", "o-3"]);
    const flags = ["dlq", "redrive", ...billing, "--grep", "o-[12]"];
    expect(await run(...flags, "--dry-run")).toMatchObject({ code: 0, stdout: "2 would be redriven\n" });
    expect(await bus.inbox(orders, "billing").stats()).toMatchObject({ dead: 3, ready: 0 });
    expect(await json(...flags)).toEqual([{ redriven: 2, interrupted: false }]);
    expect(await bus.inbox(orders, "billing").stats()).toMatchObject({ dead: 1, ready: 2 });
    expect(await bus.inbox(orders, "shipping").stats()).toMatchObject({ ready: 3 });
  });

  test("--limit ends it there", async () => {
    const { bus, run } = await place();
    await refusedOrders(bus, ["o-1", "o-2", "o-3"]);
    expect(await run("dlq", "redrive", ...billing, "--limit", "2")).toMatchObject({ code: 0, stdout: "2 redriven\n" });
    expect(await bus.inbox(orders, "billing").stats()).toMatchObject({ dead: 1, ready: 2 });
  });
});

describe("discard", () => {
  test("needs --yes where nobody can be asked, then removes exactly what is meant", async () => {
    const { bus, run } = await place();
    await refusedOrders(bus, ["o-1", "o-2"]);
    const flags = ["dlq", "discard", ...billing, "--grep", "o-1"];
    expect(await run(...flags)).toEqual({
      code: 2,
      stdout: "",
      stderr: "waybill: discards for good and nobody can be asked; give --yes\n",
    });
    expect(await run(...flags, "--dry-run")).toMatchObject({ code: 0, stdout: "1 would be discarded\n" });
    expect(await bus.inbox(orders, "billing").stats()).toMatchObject({ dead: 2 });
    expect(await run(...flags, "--yes")).toMatchObject({ code: 0, stdout: "1 discarded\n" });
    expect(await bus.inbox(orders, "billing").stats()).toMatchObject({ dead: 1, ready: 0 });
  });
});

test.each([
  [["dlq", "list"], "give <topic> <group>, or --queue <name>"],
  [["dlq", "list", "a", "b", "--queue", "c"], "give <topic> <group> or --queue <name>, not both"],
  [["dlq", "list", "a", "b", "--reason", "exhaustd"], `--reason "exhaustd" is none; did you mean "exhausted"?`],
  [["dlq", "list", "a", "b", "--grep", "("], /^--grep "\(" is no regular expression/],
  [["dlq", "list", "a", "b", "--older-than", "long"], /^--older-than is "long"; give/],
])("%j is refused", async (args, says) => {
  const { code, stderr } = await (await place()).run(...args);
  expect(code).toBe(2);
  expect(stderr.replace("waybill: ", "")).toMatch(says);
});
