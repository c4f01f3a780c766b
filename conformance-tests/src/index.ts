export type { Case } from "./case.ts";
export { cases } from "./cases.ts";
export { conformance, type ConformanceOptions } from "./conformance.ts";
export type { Controls } from "./controls.ts";
export { casesWithoutMutant, mutation as mutants, type MutantsOptions } from "./mutation.ts";
export type { Waiver } from "./plan.ts";
export { type ContractPromise, promises } from "./promises.ts";
