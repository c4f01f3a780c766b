import type { Report } from "./reports.ts";
import type { Task } from "./service.ts";

/** A running service, as the conductor sees it. */
export interface Member {
  readonly name: string;
  /** Ends it in peace: what it has in its hands is finished. Safe to repeat, and after `kill`. */
  stop(): Promise<void>;
  /** Ends it as a crash would. Resolves when all it has reported has been heard. */
  kill(): Promise<void>;
}

/** How services run: each in a process of its own, or all in this one. */
export interface Crew {
  /** Starts a service; resolves when it is ready, rejects when it does not get so far. */
  start(task: Task): Promise<Member>;
  /** Stops every service in peace. */
  stop(): Promise<void>;
}

/** What a crew tells the conductor. */
export interface Watcher {
  heard(member: string, reports: readonly Report[]): void;
  /** A service wrote something to its standard error or output. */
  wrote(member: string, text: string): void;
  /** A service that nobody stopped has ended with an error. */
  failed(error: Error): void;
}
