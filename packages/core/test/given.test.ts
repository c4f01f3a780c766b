import { expect, test } from "vitest";
import { Given } from "../src/given.ts";

const about = { carrier: "owl", known: ["wings", "night", "name", "key"], notInUrls: ["key"] };

function given(url: string, options?: unknown): Given {
  return new Given(new URL(url), options, about);
}

test("what the URL says goes before what the options say, and what neither says is what is usual", () => {
  const settings = given("owl://h?wings=2&night=true", { wings: 4, name: "Strix", key: () => "secret" });
  expect(settings.wholeNumber("wings", 0, [1, 9])).toBe(2);
  expect(settings.flag("night")).toBe(true);
  expect(settings.text("name")).toBe("Strix");
  expect(settings.get("key")).toBeTypeOf("function");
  expect(given("owl://h").wholeNumber("wings", 3, [1, 9])).toBe(3);
  expect([given("owl://h").flag("night"), given("owl://h").text("name")]).toEqual([false, undefined]);
  expect(given("owl://h", { name: undefined }).has("name")).toBe(false);
  expect(given("owl://h?name=007").text("name")).toBe("007");
});

test.each<readonly [why: string, read: () => unknown]>([
  ['owl: knows no setting "wngs"; did you mean "wings"?', () => given("owl://h?wngs=1")],
  ["owl: a setting has an odd name", () => given("owl://h", { "rest of a password@h": 1 })],
  ["owl: key is given as an option, not in the URL", () => given("owl://h?key=x")],
  ["owl: the options are a string", () => given("owl://h", "x")],
  ['owl: a "#" in the URL is written %23', () => given("owl://h#x")],
  [
    'owl: wings is "two"; give a whole number from 1 to 9',
    () => given("owl://h?wings=two").wholeNumber("wings", 1, [1, 9]),
  ],
  [
    "owl: wings is 10; give a whole number from 1 to 9",
    () => given("owl://h?wings=10").wholeNumber("wings", 1, [1, 9]),
  ],
  ["owl: night is neither true nor false", () => given("owl://h?night=1").flag("night")],
  ["owl: name is empty", () => given("owl://h", { name: "" }).text("name")],
])("%s", (why, read) => {
  expect(read).toThrow(expect.objectContaining({ code: "CONFIG", message: expect.stringContaining(why) as string }));
});
