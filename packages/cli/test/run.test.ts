import { describe, expect, test } from "vitest";
import { place } from "./support.ts";

describe("help", () => {
  test("without a command shows all of them, and is no success", async () => {
    const { code, stdout } = await (await place()).run();
    expect(code).toBe(2);
    expect(stdout).toMatch(/^Usage: waybill <command>/);
    for (const name of ["publish", "tail", "stats", "dlq redrive", "doctor"]) expect(stdout).toContain(`  ${name} `);
  });

  test("is a success where it was asked for, for all, for one and for a family", async () => {
    const { run } = await place();
    expect(await run("--help")).toMatchObject({ code: 0 });
    expect(await run("dlq", "list", "-h")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("waybill dlq list") as unknown,
    });
    expect(await run("dlq", "--help")).toMatchObject({
      code: 0,
      stdout: expect.not.stringContaining("publish  ") as unknown,
    });
  });

  test("--version is the package's", async () => {
    const { code, stdout } = await (await place()).run("--version");
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as unknown });
  });
});

describe("what cannot be used ends with 2 and one line that says what to write", () => {
  test.each([
    [["stast"], `waybill: there is no command "stast"; did you mean "stats"?`],
    [["dlq", "lsit"], `waybill: there is no command "dlq lsit"; did you mean "dlq list"?`],
    [["zzz"], /^waybill: there is no command "zzz"; there are publish, tail, stats, dlq, /],
    [["publish", "t", "1", "--hedaer", "a=b"], `waybill: --hedaer is no flag of publish; did you mean "--header"?`],
    [["tail", "t", "--yes"], /^waybill: --yes is no flag of tail; /],
    [["stats", "--queue"], "waybill: --queue needs a value: --queue <name>"],
    [["stats", "--watch=5"], "waybill: --watch takes no value"],
    [["tail"], "waybill: something is missing; write: waybill tail <topic|pattern>"],
    [["tail", "a", "b"], "waybill: that is too much; write: waybill tail <topic|pattern>"],
    [["tail", "a", "--count", "0"], `waybill: --count is "0"; give a whole number of at least 1`],
    [["tail", "a", "--url", "memory:", "--url", "memory:"], "waybill: --url was given 2 times; give it once"],
    [["tail", "a..b"], /^waybill: topic name "a\.\.b" has an empty segment/],
    [["doctor", "--config", "none.json"], /✗ configuration: .*none\.json cannot be read/],
    [["stats", "a/b", "--config", "none.json"], /^waybill: .*none\.json cannot be read: ENOENT/],
    [["stats", "a/b", "--namespace", "x..y"], /^waybill: namespace name "x\.\.y" has an empty segment/],
  ])("%j", async (args, says) => {
    const { code, stdout, stderr } = await (await place()).run(...args);
    const said = (stdout + stderr).trimEnd();
    expect(said).toMatch(says);
    expect(said).not.toContain("    at ");
    expect(code).toBe(args[0] === "doctor" ? 1 : 2);
  });
});

test("a failure is one line and exit code 1; --verbose shows the stack", async () => {
  const { run } = await place();
  const { code, stderr } = await run("stats", "no.such/group");
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^waybill: [^\n]*"no\.such" is not there[^\n]*\n$/) as unknown,
  });
  expect((await run("stats", "no.such/group", "--verbose")).stderr).toContain("    at ");
});

test("flags may stand before the command, and go before environment and file", async () => {
  const { run } = await place({ namespace: "of-the-file" });
  const { stdout } = await run("--namespace", "of-the-flag", "doctor");
  expect(stdout).toContain("namespace: of-the-flag (argument)");
});
