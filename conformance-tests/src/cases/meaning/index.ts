import type { Case } from "../../case.ts";
import { foreign } from "./foreign.ts";
import { versions } from "./versions.ts";

/** VER-1, INT-1. */
export const meaning: readonly Case[] = [...versions, ...foreign];
