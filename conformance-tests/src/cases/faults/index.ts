import type { Case } from "../../case.ts";
import { besieged } from "./besieged.ts";
import { hostileInput } from "./hostile.ts";
import { links } from "./links.ts";
import { restarted } from "./restarted.ts";

/** FLT-1, FLT-2, FLT-3. */
export const faults: readonly Case[] = [...links, ...restarted, ...besieged, ...hostileInput];
