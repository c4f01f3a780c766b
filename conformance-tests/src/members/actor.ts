import type { Bus } from "@waybill/core";
import type { MemberEvent, MemberOrder, MemberSpec } from "./member.ts";

export interface ActorOptions {
  readonly bus: Bus;
  readonly spec: MemberSpec;
  /** Resolves once the listener has it for sure, also if the member dies at once. */
  readonly tell: (event: MemberEvent) => Promise<void>;
  /** Kills the member. */
  readonly exit: () => void;
}

/** A member's own side, in whatever process. */
export interface Actor {
  /** Resolves once it is at work. */
  start(): Promise<void>;
  readonly obey: (order: MemberOrder) => Promise<void>;
}
