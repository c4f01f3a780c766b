import type { Case } from "../../case.ts";
import { burial } from "./burial.ts";
import { crashing } from "./crashing.ts";
import { interrupted } from "./interrupted.ts";
import { many } from "./many.ts";
import { redrive } from "./redrive.ts";
import { unreadable } from "./unreadable.ts";
import { walking } from "./walking.ts";

/** DLQ-1 to DLQ-6. */
export const deadLetters: readonly Case[] = [
  ...burial,
  ...unreadable,
  ...crashing,
  ...walking,
  ...many,
  ...redrive,
  ...interrupted,
];
