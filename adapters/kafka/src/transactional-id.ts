import { jsonIn } from "@waybill/core";

/** The transactional id of one member of a group, by the name that it writes down with its commits. */
export function transactionalId(group: string, by: string): string {
  return `${group}--${by}`;
}

/** Which member has written the metadata of a commit and has not let go of the partition. */
export function memberIn(metadata: string): string | undefined {
  const { t } = Object(jsonIn(metadata)) as { readonly t?: unknown };
  return typeof t === "string" ? t : undefined;
}
