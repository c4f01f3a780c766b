import type { Inbox } from "@waybill/core";
import { assert, constantFrom, property, string, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { deadTopic, groupId, laneTopic, registryTopic, sourceTopics } from "../src/names.ts";

const anyName = string({
  unit: constantFrom("a", "B", ".", "_", "-", "é", "*", "💥", "0"),
  minLength: 1,
  maxLength: 80,
});

function inboxOf(source: string, group: string, kind: Inbox["shape"]["kind"] = "topic"): Inbox {
  const shape = { kind, ordered: false, priorities: 1, retainMs: 0 };
  return { source, group, shape, ordered: false, ephemeral: false };
}

describe("a name", () => {
  test("is one that Kafka takes, however long or odd", () => {
    assert(
      property(anyName, anyName, anyName, (namespace, source, group) => {
        const inbox = inboxOf(source, group);
        const names = [...sourceTopics(namespace, source, 2), laneTopic(namespace, inbox), deadTopic(namespace, inbox)];
        for (const name of names) {
          expect(name).toMatch(/^[A-Za-z0-9.-]+$/);
          expect(name.length).toBeLessThan(250);
        }
      }),
    );
  });

  test("is nobody else's, also where Kafka takes a dot for an underscore (SUB-3)", () => {
    const all = (namespace: string, source: string, group: string): readonly string[] => [
      ...sourceTopics(namespace, source, 2),
      laneTopic(namespace, inboxOf(source, group)),
      laneTopic(namespace, inboxOf(source, group, "pattern")),
      deadTopic(namespace, inboxOf(source, group)),
      registryTopic(namespace),
    ];
    const three = tuple(anyName, anyName, anyName);
    assert(
      property(three, three, (one, other) => {
        if (one.join("\n") === other.join("\n")) return;
        const [mine, others] = [all(...one), all(...other)];
        const shared = [mine[0] === others[0], mine[1] === others[1]].some(Boolean);
        expect(shared).toBe(one[0] === other[0] && one[1] === other[1]);
        for (const name of mine.slice(2, 5)) expect(others.slice(2, 5)).not.toContain(name);
      }),
    );
  });

  test("that is plain is read as it was given", () => {
    expect(sourceTopics("shop", "order.placed", 2)).toEqual(["shop--t--order.placed", "shop--t--order.placed--1"]);
    expect(groupId("shop", inboxOf("order.*", "audit-log", "pattern"))).toBe("shop--p--order.-2a--audit-2dlog");
  });
});
