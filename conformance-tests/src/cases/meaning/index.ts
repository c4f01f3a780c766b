import type { Case } from "../../case.ts";
import { calls } from "./calls.ts";
import { foreign } from "./foreign.ts";
import { versions } from "./versions.ts";

/** RPC-1, VER-1, INT-1. */
export const meaning: readonly Case[] = [...calls, ...versions, ...foreign];
