import type { Case } from "../../case.ts";
import { duplicates } from "./duplicates.ts";
import { calls } from "./calls.ts";
import { foreign } from "./foreign.ts";
import { versions } from "./versions.ts";

/** IDM-1, IDM-2, RPC-1, VER-1, INT-1. */
export const meaning: readonly Case[] = [...duplicates, ...calls, ...versions, ...foreign];
