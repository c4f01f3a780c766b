import type { Pattern, Queue, Topic } from "@waybill/core";
import { pattern, queue, topic } from "@waybill/core";
import type { Layout } from "./layout.ts";
import { fromUser } from "./usage-error.ts";

/** What a publisher says beside name and layout. */
export interface Published {
  readonly version?: number | undefined;
  readonly key?: ((data: unknown) => string) | undefined;
}

const schema: Topic<unknown>["schema"] = {
  "~standard": { version: 1, vendor: "waybill", validate: (value) => ({ value }) },
};
const noKey = (): string => "";

/** A topic of any data. */
export function anyTopic(name: string, layout: Layout, published: Published = {}): Topic<unknown> {
  return fromUser(() => topic(name, { ...optionsOf(layout, published), retain: layout.retainMs }));
}

/** A queue of any data. */
export function anyQueue(name: string, layout: Layout, published: Published = {}): Queue<unknown> {
  return fromUser(() => queue(name, optionsOf(layout, published)));
}

/** A pattern of topics of any data. */
export function anyPattern(name: string, ordered = false): Pattern {
  return fromUser(() => pattern(name, { ordered }));
}

/** Whether it is a pattern and no single name. */
export function isPattern(name: string): boolean {
  return name.split(".").some((segment) => segment === "*" || segment === "#");
}

function optionsOf({ ordered, priorities }: Layout, { version = 1, key }: Published) {
  if (ordered) return { schema, version, ordered, key: key ?? noKey } as const;
  return { schema, version, priorities, ...(key === undefined ? {} : { key }) };
}
