import type { Case } from "../../case.ts";
import { effects } from "./effects.ts";
import { lease } from "./lease.ts";
import { once } from "./once.ts";
import { outcome } from "./outcome.ts";

/** ACK-1 to ACK-6, EFF-1. */
export const settling: readonly Case[] = [...outcome, ...lease, ...once, ...effects];
