import { type DeadLetter, type DeadReason, type Duration, milliseconds } from "@waybill/core";
import { nearest } from "@waybill/config";
import type { Arguments } from "./arguments.ts";
import { fromUser, UsageError } from "./usage-error.ts";

const reasons: Readonly<Record<DeadReason, true>> = {
  exhausted: true,
  permanent: true,
  malformed: true,
  invalid: true,
  "unknown-type": true,
  "unknown-version": true,
  crashed: true,
};

/** Which letters the flags mean: those for which all of them hold. @throws UsageError */
export function letterFilter(args: Arguments, now: number): (letter: DeadLetter) => boolean {
  const ids = args.has("id") ? new Set(args.all("id")) : undefined;
  const reason = reasonOf(args.text("reason"));
  const before = diedBefore(args.text("older-than"), now);
  const matches = matcherOf(args.text("grep"));
  return (letter) =>
    (ids === undefined || ids.has(letter.id)) &&
    (reason === undefined || letter.reason === reason) &&
    (before === undefined || letter.deadAt < before) &&
    (matches === undefined || matches(letter));
}

function reasonOf(text: string | undefined): string | undefined {
  if (text === undefined || Object.hasOwn(reasons, text)) return text;
  const near = nearest(text, Object.keys(reasons));
  const help = near === undefined ? `give one of ${Object.keys(reasons).join(", ")}` : `did you mean "${near}"?`;
  throw new UsageError(`--reason ${JSON.stringify(text)} is none; ${help}`);
}

function diedBefore(text: string | undefined, now: number): number | undefined {
  return text === undefined ? undefined : now - fromUser(() => milliseconds(text as Duration, "--older-than"));
}

function matcherOf(text: string | undefined): ((letter: DeadLetter) => boolean) | undefined {
  if (text === undefined) return undefined;
  const expression = expressionOf(text);
  return ({ data, raw, headers, key, error }) =>
    [
      data === undefined ? Buffer.from(raw).toString() : JSON.stringify(data),
      JSON.stringify(headers),
      key ?? "",
      error.message,
    ].some((part) => expression.test(part));
}

function expressionOf(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (cause) {
    throw new UsageError(`--grep ${JSON.stringify(text)} is no regular expression; escape what is meant as it stands`, {
      cause,
    });
  }
}
