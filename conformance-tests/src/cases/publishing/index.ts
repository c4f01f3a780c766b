import type { Case } from "../../case.ts";
import { confirmed } from "./confirmed.ts";
import { exact } from "./exact.ts";
import { life } from "./life.ts";
import { limits } from "./limits.ts";
import { outcomes } from "./outcomes.ts";
import { stored } from "./stored.ts";

/** PUB-1 to PUB-11. */
export const publishing: readonly Case[] = [...confirmed, ...outcomes, ...exact, ...limits, ...life, ...stored];
