import type { Case } from "../../case.ts";
import { closing } from "./closing.ts";
import { health } from "./health.ts";
import { honesty } from "./honesty.ts";
import { layout } from "./layout.ts";

/** LIF-1 to LIF-3, LIF-6, LAY-1, CAP-1. */
export const life: readonly Case[] = [...closing, ...health, ...layout, ...honesty];
