export { type Bug, bugs } from "./bugs.ts";
export { memorySubject } from "./memory.ts";
export { failureReport } from "./report.ts";
export { type Run, simulate } from "./simulation.ts";
export type { Violation } from "./ledger.ts";
export type { Subject } from "./world.ts";
