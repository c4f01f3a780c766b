import type { Case } from "../../case.ts";
import { closing } from "./closing.ts";
import { honesty } from "./honesty.ts";
import { layout } from "./layout.ts";

/** LIF-1, LIF-2, LIF-6, LAY-1, CAP-1. */
export const life: readonly Case[] = [...closing, ...layout, ...honesty];
