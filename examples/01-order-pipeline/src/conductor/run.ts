import { type Bus, connect } from "@waybill/core";
import type { Outcome } from "./balance.ts";
import { imbalances } from "./balance.ts";
import { InProcess } from "./in-process.ts";
import { openInboxes } from "./inboxes.ts";
import { Ledger } from "./ledger.ts";
import { Monitor } from "./monitor.ts";
import { Pipeline } from "./pipeline.ts";
import type { RunPlace } from "./place.ts";
import { openPlace } from "./place.ts";
import { Processes } from "./processes.ts";
import { Progress } from "./progress.ts";
import type { Screen } from "./screen.ts";
import { summary } from "./summary.ts";
import { emailSend, orderPlaced } from "../topics.ts";

export interface RunOptions {
  /** A file, or "-" for standard input. */
  readonly input: string;
  /** The broker; without it a fresh SQLite file. */
  readonly url: string | undefined;
  readonly screen: Screen;
  /** Ends the run; it rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/**
 * Runs the pipeline once and prints how it went. Resolves to the exit code: 0, 1 when a sum does not balance, 2 when the input
 * has malformed lines. Whatever the run has made is removed, but kept and named when it fails.
 */
export async function run(options: RunOptions): Promise<number> {
  const { screen, signal } = options;
  const place = await openPlace(options.url);
  const bus = await open(place);
  try {
    const outcome = await conduct(options, place, bus);
    const problems = imbalances(outcome);
    for (const line of ["", ...summary(outcome), "", ...verdict(problems)]) screen.print(line);
    if (problems.length === 0) await place.remove();
    else screen.print(`What is left: ${place.description}`);
    if (problems.length > 0) return 1;
    return outcome.ledger.malformed.length > 0 ? 2 : 0;
  } catch (error) {
    screen.clear();
    if (signal.aborted) await place.remove();
    else screen.print(`What is left: ${place.description}`);
    throw error;
  }
}

/** Connects; where that fails nothing is left. */
async function open(place: RunPlace): Promise<Bus> {
  try {
    return await connect(place.url, { source: "conductor", ...place });
  } catch (error) {
    await place.remove();
    throw error;
  }
}

async function conduct({ input, screen, signal }: RunOptions, place: RunPlace, bus: Bus): Promise<Outcome> {
  const ledger = new Ledger();
  const inboxes = openInboxes(bus);
  const crash = new AbortController();
  const killable = !place.url.startsWith("memory:");
  const pipeline = new Pipeline({
    place,
    ledger,
    inboxes,
    screen,
    killable,
    monitor: new Monitor({
      inboxes,
      ledger,
      progress: new Progress(screen, ledger),
      signal: AbortSignal.any([signal, crash.signal]),
    }),
    crew: (watcher) => (killable ? new Processes(watcher) : new InProcess(watcher)),
    failed: (error) => crash.abort(error),
  });
  screen.print(
    `Billing ×2, shipping ×2 and email ${killable ? "run in processes of their own" : "run in this process"}.`,
  );
  try {
    const outcome = await pipeline.run(input);
    await pipeline.stop();
    if (imbalances(outcome).length === 0) await clear(place, bus);
    return outcome;
  } catch (error) {
    await pipeline.stop();
    if (signal.aborted) await clear(place, bus);
    throw error;
  } finally {
    await bus.close();
  }
}

/** Removes from a broker that others use what the run has made there. */
async function clear(place: RunPlace, bus: Bus): Promise<void> {
  if (place.temporary) return;
  for (const definition of [orderPlaced, emailSend]) await bus.remove(definition);
}

function verdict(problems: readonly string[]): readonly string[] {
  if (problems.length === 0) return ["All sums balance."];
  return ["These sums do not balance:", ...problems.map((problem) => `  ${problem}`)];
}
