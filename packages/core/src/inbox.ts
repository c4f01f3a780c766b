import type { AnyDefinition } from "./definition.ts";
import { checkName } from "./names.ts";
import type { Inbox, Place, Source, Start } from "./seam.ts";

/** The topic or queue of a definition, as the seam names it. */
export function sourceOf({ name, shape }: AnyDefinition): Source {
  return { kind: "source", name, shape };
}

/** One group's inbox of a definition. A queue has one, in its own name. @throws TypeError for a group name that cannot be */
export function inboxOf(
  definition: AnyDefinition,
  group: string | undefined,
  options: { readonly ordered?: boolean | undefined; readonly ephemeral?: boolean | undefined } = {},
): Inbox {
  const { name, shape } = definition;
  if (definition.kind !== "queue" && group === undefined)
    throw new TypeError(`${definition.kind} "${name}": give the name of a group`);
  if (definition.kind === "queue" && group !== undefined && group !== name) {
    throw new TypeError(`queue "${name}" has one group, its own; give none`);
  }
  return {
    source: name,
    shape,
    group: definition.kind === "queue" ? name : checkName("group", group ?? ""),
    ordered: options.ordered ?? shape.ordered,
    ephemeral: options.ephemeral ?? false,
  };
}

/** What has to be there before an inbox can be used; of a pattern nothing but the inbox itself. */
export function placesOf(definition: AnyDefinition, inbox: Inbox, start: Start = fromNow): readonly Place[] {
  const place: Place = { kind: "inbox", inbox, start };
  return definition.kind === "pattern" ? [place] : [sourceOf(definition), place];
}

const fromNow: Start = { from: "now", reset: false };
