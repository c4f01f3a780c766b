import { type Definition, queue, type Queue, topic, type Topic } from "@waybill/core";

/** What a member's handler does with an item. `block`: its process does nothing else for as many ms as the
 * text says, then as `wait`. */
export type Act = "ok" | "fail" | "hang" | "wait" | "slow" | "exit" | "send" | "block";

/** The data of the suite's messages. */
export interface Item {
  readonly n: number;
  readonly key?: string | undefined;
  readonly text?: string | undefined;
  /** Default `ok`. */
  readonly act?: Act | undefined;
}

/** A definition as data, so that it can be made again in another process. */
export interface Outline {
  readonly kind: "topic" | "queue";
  readonly name: string;
  readonly keyed: boolean;
  readonly ordered: boolean;
  /** How long a topic keeps messages for replay, ms. */
  readonly retain?: number | undefined;
}

type Schema<T> = Definition<T, T>["schema"];

/** A Standard Schema from a function that names the path and flaw of what does not match. */
export function schema<T>(flawOf: (value: unknown) => readonly [path: string, flaw: string] | undefined): Schema<T> {
  return {
    "~standard": {
      version: 1,
      vendor: "waybill-conformance",
      validate(value) {
        const flaw = flawOf(value);
        return flaw === undefined ? { value: value as T } : { issues: [{ path: [flaw[0]], message: flaw[1] }] };
      },
    },
  };
}

/** An item has a number, and nothing else is checked. */
export const itemSchema: Schema<Item> = schema((value) => {
  const n = typeof value === "object" && value !== null && "n" in value ? value.n : undefined;
  return typeof n === "number" ? undefined : ["n", `expected a number, got ${typeof n}`];
});

/** The topic of an outline. */
export function topicOf({ name, keyed, ordered, retain }: Outline): Topic<Item> {
  if (ordered) return topic(name, { schema: itemSchema, key: keyOf, ordered: true, retain });
  return topic(name, { schema: itemSchema, retain, ...(keyed && { key: keyOf }) });
}

/** The queue of an outline. */
export function queueOf({ name, keyed, ordered }: Outline): Queue<Item> {
  if (ordered) return queue(name, { schema: itemSchema, key: keyOf, ordered: true });
  return queue(name, { schema: itemSchema, ...(keyed && { key: keyOf }) });
}

/** The outline of a topic or queue of items. */
export function outlineOf(definition: Topic<Item> | Queue<Item>): Outline {
  const { kind, name, ordered, shape } = definition;
  return { kind, name, ordered, keyed: definition.key !== undefined, retain: shape.retainMs };
}

function keyOf(item: Item): string {
  return item.key ?? "none";
}
