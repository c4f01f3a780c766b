import type { DeadLetter } from "@waybill/core";
import { timeOf } from "./time.ts";

/** A letter in one line. */
export function lineOf({ id, deadAt, reason, attempts, error, key }: DeadLetter): string {
  const times = `${attempts} ${attempts === 1 ? "attempt" : "attempts"}`;
  const message = error.message.replaceAll(/\s+/g, " ");
  return `${id}  ${timeOf(deadAt)}  ${reason}  ${times}${key === undefined ? "" : `  key=${key}`}  ${message}`;
}

/** All of a letter, for people. */
export function pageOf(letter: DeadLetter): string {
  const { id, key, source, group, reason, attempts, error, headers, history } = letter;
  const lines = [
    `id             ${id}`,
    `from           ${source} for ${group}`,
    ...(key === undefined ? [] : [`key            ${key}`]),
    `reason         ${reason} after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}`,
    `first failed   ${timeOf(letter.firstFailedAt)}`,
    `dead           ${timeOf(letter.deadAt)}`,
    ...Object.entries(headers).map(([name, value]) => `header         ${name}: ${value}`),
    ...history.map((death) => `died before    ${timeOf(death.deadAt)}  ${death.reason}  ${death.error.message}`),
    `error          ${error.stack ?? `${error.name}: ${error.message}`}`,
    `data           ${letter.data === undefined ? rawOf(letter) : JSON.stringify(letter.data, null, 2)}`,
  ];
  return lines.map((line) => line.replaceAll("\n", "\n               ")).join("\n");
}

/** All of a letter, for machines: its bytes in base64 only where they do not decode. */
export function recordOf({ raw, firstFailedAt, deadAt, history, ...letter }: DeadLetter): unknown {
  return {
    ...letter,
    firstFailedAt: timeOf(firstFailedAt),
    deadAt: timeOf(deadAt),
    history: history.map((death) => ({
      ...death,
      firstFailedAt: timeOf(death.firstFailedAt),
      deadAt: timeOf(death.deadAt),
    })),
    ...(letter.data === undefined ? { raw: Buffer.from(raw).toString("base64") } : {}),
  };
}

function rawOf({ raw }: DeadLetter): string {
  return `(does not decode; ${raw.byteLength} bytes) ${JSON.stringify(Buffer.from(raw).toString())}`;
}
