import { Dice } from "./dice.ts";
import { type Faults, noFaults } from "./faults.ts";

export interface Group {
  readonly name: string;
  readonly ordered: boolean;
  /** Takes the topic by a pattern that it fits. */
  readonly byPattern: boolean;
  /** Settles before it handles (ACK-6). */
  readonly once: boolean;
  readonly concurrency: number;
  readonly maxAttempts: number;
  readonly retryMs: number;
  /** ms; undefined for none. */
  readonly timeoutMs: number | undefined;
}

/** One message, and what happens to it. */
export interface Task {
  readonly n: number;
  readonly publisher: number;
  /** ms after the beginning. */
  readonly at: number;
  readonly key: string;
  /** ms after its publish before which it must not be delivered. */
  readonly delayMs: number | undefined;
  /** How long each handling takes. */
  readonly workMs: number;
  /** How often it fails before it succeeds; `Infinity`: always. */
  readonly flaws: number;
  /** Whether it fails by never ending, where the group has a timeout. */
  readonly hangs: boolean;
  /** Whether whoever handles it dies of it. */
  readonly kills: boolean;
}

/** Something happens to a group, or to one of its members that is drawn when it happens. */
export interface Move {
  readonly at: number;
  readonly what: "join" | "leave" | "crash" | "freeze" | "pause" | "redrive";
  readonly group: number;
  /** How long, where it lasts. */
  readonly ms: number;
}

/** What a seed stands for, as data. */
export interface Scenario {
  readonly kind: "topic" | "queue";
  readonly ordered: boolean;
  readonly leaseMs: number;
  /** The longest delay the carrier has, ms; longer ones are parked (DLY-2). */
  readonly maxDelay: number;
  readonly groups: readonly Group[];
  /** How many members each group begins with. */
  readonly members: number;
  readonly tasks: readonly Task[];
  readonly moves: readonly Move[];
  readonly faults: Faults;
  /** When all faults end and all sleepers wake, ms after the beginning. */
  readonly healAt: number;
}

const keysPerPublisher = 4;
/** With the three deaths that a killer may die in company, fewer than the ten that convict a message (DLQ-4). */
const mostDisasters = 6;

export function scenarioOf(seed: number): Scenario {
  const dice = new Dice(seed, 0);
  const kind = dice.chance(0.7) ? "topic" : "queue";
  const ordered = dice.chance(0.5);
  const leaseMs = dice.whole(50, 500);
  const healAt = dice.whole(200, 2_000);
  const count = kind === "queue" ? 1 : dice.whole(1, 3);
  const groups = Array.from({ length: count }, (_, index) => groupOf(dice, index, { kind, ordered, leaseMs }));
  const mostFlaws = Math.min(...groups.map(({ maxAttempts }) => maxAttempts)) - 1;
  const limits = { leaseMs, healAt, mostFlaws, delays: !ordered };
  const tasks = Array.from({ length: dice.whole(3, 24) }, (_, n) => taskOf(dice, n, limits));
  const [killer] = tasks;
  if (killer !== undefined && dice.chance(0.05)) tasks[0] = { ...killer, flaws: Infinity, kills: true };
  return {
    kind,
    ordered,
    leaseMs,
    maxDelay: dice.chance(0.2) ? dice.whole(10, 200) : Infinity,
    groups,
    members: dice.whole(1, 3),
    tasks: tasks.sort((one, other) => one.at - other.at),
    moves: movesOf(dice, { count: dice.whole(0, 12), groups: count, healAt, leaseMs }),
    faults: faultsOf(dice),
    healAt,
  };
}

function groupOf(
  dice: Dice,
  index: number,
  { kind, ordered, leaseMs }: Pick<Scenario, "kind" | "ordered" | "leaseMs">,
): Group {
  return {
    name: kind === "queue" ? "tasks" : `g${index}`,
    ordered: ordered && (kind === "queue" || dice.chance(0.8)),
    byPattern: kind === "topic" && dice.chance(0.2),
    once: dice.chance(0.1),
    concurrency: dice.whole(1, 6),
    maxAttempts: dice.whole(1, 4),
    retryMs: dice.chance(0.3) ? 0 : dice.whole(1, 300),
    // Longer than any work, so that only what hangs fails by it.
    timeoutMs: dice.chance(0.5) ? undefined : leaseMs * 2 + dice.whole(100, 500),
  };
}

function taskOf(
  dice: Dice,
  n: number,
  {
    leaseMs,
    healAt,
    mostFlaws,
    delays,
  }: { readonly leaseMs: number; readonly healAt: number; readonly mostFlaws: number; readonly delays: boolean },
): Task {
  const publisher = dice.whole(0, 1);
  return {
    n,
    publisher,
    // Half of them come close together.
    at: dice.chance(0.5) ? dice.whole(0, 20) : dice.whole(0, healAt),
    key: `p${publisher}-k${dice.whole(1, keysPerPublisher)}`,
    delayMs: delays && dice.chance(0.2) ? dice.whole(1, 1_000) : undefined,
    workMs: dice.pick([0, 0, dice.whole(1, 20), dice.whole(1, leaseMs * 2)]) ?? 0,
    flaws: dice.pick([0, 0, 0, 0, 0, dice.whole(0, mostFlaws), dice.whole(0, mostFlaws), Infinity]) ?? 0,
    hangs: dice.chance(0.3),
    kills: false,
  };
}

function movesOf(
  dice: Dice,
  {
    count,
    groups,
    healAt,
    leaseMs,
  }: { readonly count: number; readonly groups: number; readonly healAt: number; readonly leaseMs: number },
): readonly Move[] {
  let disasters = 0;
  const moves = Array.from({ length: count }, (): Move => {
    const drawn = dice.pick(["join", "leave", "crash", "freeze", "freeze", "pause", "redrive"] as const) ?? "join";
    const isDisaster = drawn === "crash" || drawn === "freeze";
    if (isDisaster) disasters += 1;
    const what = isDisaster && disasters > mostDisasters ? "join" : drawn;
    return { at: dice.whole(0, healAt), what, group: dice.whole(0, groups - 1), ms: dice.whole(1, leaseMs * 3) };
  });
  return moves.sort((one, other) => one.at - other.at);
}

function faultsOf(dice: Dice): Faults {
  if (dice.chance(0.4)) return noFaults;
  const rare = (): number => dice.pick([0, 0.05, 0.3]) ?? 0;
  return { loseReply: rare(), refuse: rare(), deny: (rare() || 0) / 5, latencyMs: dice.pick([0, 5, 50]) ?? 0 };
}
