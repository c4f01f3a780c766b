import type { Case } from "../../case.ts";
import { delayed } from "./delayed.ts";
import { expiry } from "./expiry.ts";
import { keys } from "./keys.ts";
import { members } from "./members.ts";
import { priorities } from "./priorities.ts";
import { schedules } from "./schedules.ts";

/** ORD-1 to ORD-3, DLY-1 to DLY-3, PRI-1, TTL-1. */
export const order: readonly Case[] = [...keys, ...members, ...delayed, ...schedules, ...priorities, ...expiry];
