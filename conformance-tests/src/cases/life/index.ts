import type { Case } from "../../case.ts";
import { closing } from "./closing.ts";
import { health } from "./health.ts";
import { honesty } from "./honesty.ts";
import { layout } from "./layout.ts";
import { removal } from "./removal.ts";
import { stats } from "./stats.ts";
import { upgrades } from "./upgrades.ts";
import { verify } from "./verify.ts";

/** LIF-1 to LIF-6, GRP-1, LAY-1, LAY-2, CAP-1. */
export const life: readonly Case[] = [
  ...closing,
  ...health,
  ...stats,
  ...verify,
  ...removal,
  ...layout,
  ...upgrades,
  ...honesty,
];
