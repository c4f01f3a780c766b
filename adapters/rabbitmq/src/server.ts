import { WaybillError } from "@waybill/core";
import { addressOf } from "./errors.ts";
import type { Node } from "./url.ts";

type Version = readonly [major: number, minor: number, patch: number];

/** What a server is and has, by what it says of itself: it takes arguments that it does not know, so none is tried. */
export interface ServerFacts {
  readonly node: Node;
  readonly version: Version;
  /** The name of its cluster, where it tells one. */
  readonly cluster: string | undefined;
  readonly has: {
    /** How many priorities a quorum queue tells apart: none, two in turns of 2 to 1, or 32 strictly. */
    readonly quorumPriorities: 1 | 2 | 32;
    /** How many deliveries a quorum queue allows that is declared without `x-delivery-limit`. */
    readonly usualDeliveryLimit: number;
    /** `max_message_size` where nobody has set it. */
    readonly usualMaxMessageBytes: number;
    /** What `consumer_timeout` ends: the channel with all its consumers, or the consumer alone. */
    readonly timeoutEnds: "channel" | "consumer";
    /** Whether a `basic.nack` with requeue counts against `x-delivery-limit`. */
    readonly nackCounts: boolean;
  };
}

/** Since 3.10 a quorum queue keeps times to live, and dead-letters at least once. */
const oldest = [3, 10] as const;

/**
 * Reads the `serverProperties` with which a server greets.
 * @throws WaybillError `UNSUPPORTED` for another product, and for a version that is too old
 */
export function factsOf(properties: Readonly<Record<string, unknown>>, node: Node): ServerFacts {
  const { product, version: told, cluster_name: cluster } = properties;
  const version = typeof told === "string" ? versionOf(told) : undefined;
  if (product !== "RabbitMQ") throw refusal(node, `is a product ${shown(product)}; Waybill needs RabbitMQ`);
  if (version === undefined || !atLeast(version, oldest))
    throw refusal(node, `is version ${shown(told)}; Waybill needs RabbitMQ ${oldest.join(".")} or later`);
  const is4 = atLeast(version, [4, 0]);
  const is43 = atLeast(version, [4, 3]);
  return {
    node,
    version,
    cluster: typeof cluster === "string" ? cluster : undefined,
    has: {
      quorumPriorities: is43 ? 32 : is4 ? 2 : 1,
      usualDeliveryLimit: is4 ? 20 : Infinity,
      usualMaxMessageBytes: is4 ? 2 ** 24 : 2 ** 27,
      timeoutEnds: is43 ? "consumer" : "channel",
      nackCounts: !is43,
    },
  };
}

/** Undefined of what is no version. What follows the three numbers, of a release candidate, changes nothing. */
function versionOf(text: string): Version | undefined {
  const [, major, minor = 0, patch = 0] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

function atLeast([major, minor]: Version, [least, lesser]: readonly [number, number]): boolean {
  return major > least || (major === least && minor >= lesser);
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : "untold";
}

function refusal(node: Node, why: string): WaybillError {
  return new WaybillError("UNSUPPORTED", `rabbitmq at ${addressOf(node)} ${why}`);
}
