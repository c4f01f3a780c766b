import type { Arguments } from "./arguments.ts";
import type { Output } from "./output.ts";

/** One flag, as parsing, help and completion know it. */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** What stands for its value in the help; a flag without one is on or off. */
  readonly value?: string;
  readonly summary: string;
}

/** One command. The table of them is all that parsing, help and completion go by. */
export interface Command {
  /** One word or two: `dlq list`. */
  readonly name: string;
  readonly summary: string;
  /** `<required> [optional] [several…]` */
  readonly operands: string;
  /** What the summary leaves out, in lines. */
  readonly details: readonly string[];
  readonly flags: readonly Flag[];
  readonly examples: readonly string[];
  readonly run: (invocation: Invocation) => Promise<ExitCode>;
}

/** What a command works with. */
export interface Invocation {
  readonly args: Arguments;
  readonly output: Output;
  /** Fires on Ctrl-C, and when nobody reads the output any more. */
  readonly signal: AbortSignal;
}

/** 0: done; 1: it failed; 2: what was given cannot be used; 130: interrupted. */
export type ExitCode = 0 | 1 | 2 | 130;
