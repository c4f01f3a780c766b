import type { Inbox } from "@waybill/core";
import type { Settings } from "./url.ts";
import type { QueueAttributes } from "./api.ts";

/*
 * How often the broker gives a message out before it moves it to the dead letters by itself, without a reason: core's own judgement
 * comes long before. An ordered message is received anew for each retry, so it gets the most that SQS allows.
 */
const backstop = 100;
const orderedBackstop = 1_000;

/** What a queue is made with: none of it follows from what can be tuned without making it anew (LAY-1). */
export function queueAttributes(settings: Settings, ordered: boolean): QueueAttributes {
  const { retentionMs, kmsKeyId } = settings;
  return {
    MessageRetentionPeriod: `${retentionMs / 1_000}`,
    ...(kmsKeyId === undefined ? {} : { KmsMasterKeyId: kmsKeyId }),
    ...(ordered
      ? { FifoQueue: "true", DeduplicationScope: "messageGroup", FifoThroughputLimit: "perMessageGroupId" }
      : {}),
  };
}

export function redrivePolicy(deadArn: string, ordered: boolean): string {
  return JSON.stringify({ deadLetterTargetArn: deadArn, maxReceiveCount: ordered ? orderedBackstop : backstop });
}

/** Lets the topics of a namespace send to a queue: those of the queue's own account and region, and nobody else. */
export function policyFor(queueArn: string, prefix: string): string {
  const [arn, partition, , region, account] = queueArn.split(":");
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "sns.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: "*",
        Condition: { ArnLike: { "aws:SourceArn": [arn, partition, "sns", region, account, `${prefix}t*`].join(":") } },
      },
    ],
  });
}

/** What a queue says of itself to who looks at it, and to us where only names are not enough. */
export function tagsOfInbox(settings: Settings, namespace: string, inbox: Inbox): Record<string, string> {
  const { source, group, shape, ephemeral } = inbox;
  return {
    ...settings.tags,
    ...nameTag("waybill:namespace", namespace),
    ...nameTag("waybill:source", source),
    ...nameTag("waybill:group", group),
    "waybill:kind": ephemeral ? `ephemeral ${shape.kind}` : shape.kind,
  };
}

export function tagsOfTopic(settings: Settings, namespace: string, name: string): Record<string, string> {
  return { ...settings.tags, ...nameTag("waybill:namespace", namespace), ...nameTag("waybill:source", name) };
}

/** A tag's value has at most 256 characters of few kinds, so a name is written as base64url, in parts of it. */
function nameTag(tag: string, name: string): Record<string, string> {
  const written = Buffer.from(name).toString("base64url");
  const [first = "", second] = written.match(/.{1,250}/g) ?? [];
  return { [tag]: first, ...(second === undefined ? {} : { [`${tag}2`]: second }) };
}

/** The name that a tag was written with; undefined where somebody else wrote it. */
export function nameIn(tag: string, tags: ReadonlyMap<string, string>): string | undefined {
  const first = tags.get(tag);
  return first === undefined ? undefined : Buffer.from(first + (tags.get(`${tag}2`) ?? ""), "base64url").toString();
}
