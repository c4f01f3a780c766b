import type { Case } from "../../case.ts";
import { attempts } from "./attempts.ts";
import { delays } from "./delays.ts";
import { sameness } from "./sameness.ts";
import { uncounted } from "./uncounted.ts";

/** RTY-1 to RTY-6. */
export const retry: readonly Case[] = [...attempts, ...uncounted, ...delays, ...sameness];
