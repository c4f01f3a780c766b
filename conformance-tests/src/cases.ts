import type { Case } from "./case.ts";
import { deadLetters } from "./cases/dead-letters/index.ts";
import { faults } from "./cases/faults/index.ts";
import { life } from "./cases/life/index.ts";
import { meaning } from "./cases/meaning/index.ts";
import { order } from "./cases/order/index.ts";
import { publishing } from "./cases/publishing/index.ts";
import { retry } from "./cases/retry/index.ts";
import { settling } from "./cases/settling/index.ts";
import { subscribing } from "./cases/subscribing/index.ts";

/** All cases, in the contract's order. */
export const cases: readonly Case[] = [
  ...publishing,
  ...subscribing,
  ...settling,
  ...retry,
  ...deadLetters,
  ...order,
  ...meaning,
  ...life,
  ...faults,
];
