import { memoryStore } from "@waybill/core";
import { describe, expect, test } from "vitest";

let time = 0;
const clock = { now: () => time };

describe("a claim", () => {
  test("is one owner's, until he completes it", () => {
    const store = memoryStore({ clock });
    expect(store.claim("k", "a", 100)).toBe("claimed");
    time += 40;
    expect(store.claim("k", "b", 100)).toEqual({ state: "busy", leftMs: 60 });
    expect(store.claim("other", "b", 100)).toBe("claimed");
    expect(store.complete("k", "a", Uint8Array.of(1), 1_000)).toBe(true);
    expect(store.claim("k", "b", 100)).toEqual({ state: "done", record: Uint8Array.of(1) });
  });

  test("ends at once when it is given back, but not by another's hand", () => {
    const store = memoryStore({ clock });
    store.claim("k", "a", 100);
    store.release("k", "b");
    expect(store.claim("k", "b", 100)).toMatchObject({ state: "busy" });
    store.release("k", "a");
    expect(store.claim("k", "b", 100)).toBe("claimed");
  });

  test("ends with its lease, unless that was renewed", () => {
    const store = memoryStore({ clock });
    store.claim("k", "a", 100);
    time += 99;
    expect(store.renew("k", "a", 100)).toBe(true);
    time += 99;
    expect(store.claim("k", "b", 100)).toMatchObject({ state: "busy" });
    time += 1;
    expect(store.claim("k", "b", 100)).toBe("claimed");
  });

  test("that has ended can neither be renewed nor completed once it is another's", () => {
    const store = memoryStore({ clock });
    store.claim("k", "a", 100);
    time += 100;
    store.claim("k", "b", 100);
    expect(store.renew("k", "a", 100)).toBe(false);
    expect(store.complete("k", "a", undefined, 1_000)).toBe(false);
    expect(store.claim("k", "c", 100)).toMatchObject({ state: "busy" });
  });
});

describe("a record", () => {
  const complete = (store: ReturnType<typeof memoryStore>, key: string, record?: Uint8Array): void => {
    store.claim(key, key, 100);
    store.complete(key, key, record, 1_000);
  };

  test("is forgotten after its retention", () => {
    const store = memoryStore({ clock });
    complete(store, "k");
    time += 999;
    expect(store.claim("k", "b", 100)).toEqual({ state: "done", record: undefined });
    time += 1;
    expect(store.claim("k", "b", 100)).toBe("claimed");
  });

  test("is forgotten earlier, the older half first, where there are too many", () => {
    const store = memoryStore({ clock, maxRecords: 4 });
    const keys = ["a", "b", "c", "d", "e"];
    for (const key of keys) complete(store, key);
    const answers = keys.map((key) => store.claim(key, "x", 100));
    expect(answers.map((answer) => answer === "claimed")).toEqual([true, true, false, false, false]);
  });

  test("or too many bytes of them", () => {
    const store = memoryStore({ clock, maxBytes: 20 });
    const keys = ["a", "b", "c"];
    for (const key of keys) complete(store, key, new Uint8Array(10));
    const answers = keys.map((key) => store.claim(key, "x", 100));
    expect(answers.map((answer) => answer === "claimed")).toEqual([true, false, false]);
  });

  test("outlives the end of an earlier one of its key", () => {
    const store = memoryStore({ clock });
    complete(store, "k");
    time += 1_000;
    complete(store, "k");
    complete(store, "other");
    expect(store.claim("k", "x", 100)).toMatchObject({ state: "done" });
  });
});

test("claims of handlers that never end do not pile up", () => {
  const store = memoryStore({ clock });
  for (let index = 0; index < 2_000; index += 1) {
    store.claim(`k${index}`, "a", 100);
    time += 1;
  }
  expect(store.renew("k0", "a", 100), "swept").toBe(false);
  expect(store.renew("k1999", "a", 100)).toBe(true);
});

test.each([{ maxRecords: 1 }, { maxBytes: 0.5 }])("refuses the bound %o", (options) => {
  expect(() => memoryStore(options)).toThrow(TypeError);
});
