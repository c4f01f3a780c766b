import type { Case } from "../../case.ts";
import { versions } from "./versions.ts";

/** VER-1. */
export const meaning: readonly Case[] = versions;
