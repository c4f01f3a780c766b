import type { Mutant } from "./mutant.ts";
import { deliveringMutants } from "./mutants/delivering.ts";
import { keepingMutants } from "./mutants/keeping.ts";
import { losingMutants } from "./mutants/losing.ts";
import { operatingMutants } from "./mutants/operating.ts";
import { patternMutants } from "./mutants/patterns.ts";
import { publishingMutants } from "./mutants/publishing.ts";
import { rememberingMutants } from "./mutants/remembering.ts";
import { replyingMutants } from "./mutants/replying.ts";
import { replayingMutants } from "./mutants/replaying.ts";
import { settlingMutants } from "./mutants/settling.ts";
import { sharingMutants } from "./mutants/sharing.ts";

/** Every mutant of the suite. */
export const allMutants: readonly Mutant[] = [
  ...publishingMutants,
  ...deliveringMutants,
  ...sharingMutants,
  ...settlingMutants,
  ...keepingMutants,
  ...operatingMutants,
  ...patternMutants,
  ...replayingMutants,
  ...replyingMutants,
  ...rememberingMutants,
  ...losingMutants,
];

/** @throws Error where there is none of this name */
export function mutantNamed(name: string): Mutant {
  const found = allMutants.find((mutant) => mutant.name === name);
  if (found === undefined) throw new Error(`there is no mutant "${name}"`);
  return found;
}
