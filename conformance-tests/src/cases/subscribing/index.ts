import type { Case } from "../../case.ts";
import { batches } from "./batches.ts";
import { bytes } from "./bytes.ts";
import { ephemeral } from "./ephemeral.ts";
import { flow } from "./flow.ts";
import { groups } from "./groups.ts";
import { isolation } from "./isolation.ts";
import { patterns } from "./patterns.ts";
import { replay } from "./replay.ts";
import { sharing } from "./sharing.ts";

/** SUB-1 to SUB-14. */
export const subscribing: readonly Case[] = [
  ...groups,
  ...isolation,
  ...patterns,
  ...replay,
  ...flow,
  ...batches,
  ...ephemeral,
  ...sharing,
  ...bytes,
];
