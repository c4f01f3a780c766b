import type { AdapterContext } from "@waybill/core";
import { prefixOf } from "./names.ts";
import { type Settings, settingsOf } from "./url.ts";

/** A policy as IAM reads it. */
export interface Policy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: object;
}

const messages: readonly string[] = [
  "sqs:SendMessage",
  "sqs:ReceiveMessage",
  "sqs:DeleteMessage",
  "sqs:ChangeMessageVisibility",
  "sqs:GetQueueUrl",
  "sqs:GetQueueAttributes",
  "sqs:ListQueueTags",
  "sns:Publish",
  "sns:GetTopicAttributes",
  "sns:ListTagsForResource",
];
const queuesMade: readonly string[] = ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue"];
const wired: readonly string[] = ["sns:Subscribe", "sns:Unsubscribe"];
const topicsMade: readonly string[] = ["sns:CreateTopic", "sns:DeleteTopic", "sns:TagResource"];
const lists: readonly string[] = ["sqs:ListQueues", "sns:ListTopics"];

/**
 * The least that an identity has to be allowed: on this namespace alone, and with `topology: "verify"` to make nothing but the queues of
 * listeners and callers, which live as long as they do.
 * @throws WaybillError `CONFIG`
 */
export function policyOf(
  url: URL,
  { namespace, topology, options }: Pick<AdapterContext, "namespace" | "topology" | "options">,
): Policy {
  const settings = settingsOf(url, options);
  const prefix = prefixOf(namespace);
  const queues = arnOf(settings, "sqs", `${prefix}*`);
  const topics = arnOf(settings, "sns", `${prefix}*`);
  const passing = [`${prefix}e*`, `${prefix}x*`].map((name) => arnOf(settings, "sqs", name));
  const made =
    topology === "create"
      ? allow("Topology", [...queuesMade, ...wired, ...topicsMade], [queues, topics])
      : allow("Listeners", [...queuesMade, ...wired], [...passing, topics]);
  const all = [allow("Messages", messages, [queues, topics]), made, allow("Lists", lists, "*")];
  const Statement = settings.sns === false ? all.map(withoutSns) : all;
  return { Version: "2012-10-17", Statement: [...Statement, ...keyOf(settings)] };
}

function allow(Sid: string, Action: readonly string[], Resource: string | readonly string[]): Statement {
  return { Sid, Effect: "Allow", Action, Resource };
}

function withoutSns({ Action, Resource, ...rest }: Statement): Statement {
  const isOther = (text: string): boolean => !text.startsWith("sns:") && !text.includes(":sns:");
  return {
    ...rest,
    Action: Action.filter(isOther),
    Resource: typeof Resource === "string" ? Resource : Resource.filter(isOther),
  };
}

function arnOf(settings: Settings, service: "sqs" | "sns" | "kms", name: string): string {
  const { region, account = "*" } = settings;
  return ["arn", partitionOf(region), service, region, account, name].join(":");
}

function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** An alias is no resource, but a condition on all keys. */
function keyOf(settings: Settings): readonly Statement[] {
  const { kmsKeyId } = settings;
  if (kmsKeyId === undefined) return [];
  const use = (Resource: string): Statement => allow("Key", ["kms:GenerateDataKey", "kms:Decrypt"], Resource);
  if (kmsKeyId.startsWith("arn:") && !kmsKeyId.includes(":alias/")) return [use(kmsKeyId)];
  const alias = /alias\/.*$/.exec(kmsKeyId)?.[0];
  if (alias === undefined) return [use(arnOf(settings, "kms", `key/${kmsKeyId}`))];
  const Condition = { "ForAnyValue:StringEquals": { "kms:ResourceAliases": alias } };
  return [{ ...use(arnOf(settings, "kms", "key/*")), Condition }];
}
