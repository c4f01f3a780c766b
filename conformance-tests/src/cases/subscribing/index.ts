import type { Case } from "../../case.ts";
import { ephemeral } from "./ephemeral.ts";
import { flow } from "./flow.ts";
import { groups } from "./groups.ts";
import { isolation } from "./isolation.ts";
import { patterns } from "./patterns.ts";
import { replay } from "./replay.ts";

/** SUB-1 to SUB-10. */
export const subscribing: readonly Case[] = [...groups, ...isolation, ...patterns, ...replay, ...flow, ...ephemeral];
