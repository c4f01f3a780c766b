/** One message as one group saw it. Times are epoch ms. */
export interface Seen {
  /** Whether it was ever published. */
  readonly invoked: boolean;
  /** What its publisher was told; undefined where it was told nothing. */
  readonly outcome: "ok" | "fail" | "unknown" | undefined;
  readonly poisoned: boolean;
  readonly deliverAt: number;
  readonly deliveries: number;
  /** `Infinity` where it was not delivered. */
  readonly firstAt: number;
  /** `-Infinity` where it was not delivered. */
  readonly lastAt: number;
  /** How many handlings were successful. */
  readonly dones: number;
  readonly deaths: number;
  /**
   * When a later message of its key was first delivered, or last, where a key may be rewound; `Infinity` for never, or where order
   * does not matter.
   */
  readonly overtakenAt: number;
  /** When every earlier message of its key that was handled to the end had been so for the first time. */
  readonly turnAt: number;
}

export type Flaw = "lost" | "unexpected" | "disordered" | "early" | "wronglyDead" | "notDead";

/** One way to break a promise. */
export interface Rule {
  readonly name: string;
  readonly flaw: Flaw;
  /** What it needs to have been written down each time. */
  readonly counts?: "deliveries" | undefined;
  readonly isBroken: (seen: Seen) => boolean;
}

/** Clocks are cut to whole ms, so a message may seem this much early. */
const clockSlack = 1;

/** Everything a history is judged by. */
export const rules: readonly Rule[] = [
  {
    name: "confirmed, and neither handled to the end nor dead",
    flaw: "lost",
    isBroken: ({ outcome, dones, deaths }) => outcome === "ok" && dones + deaths === 0,
  },
  {
    name: "seen, and never published",
    flaw: "unexpected",
    isBroken: (seen) => !seen.invoked && wasSeen(seen),
  },
  {
    name: "seen, and reported as not stored",
    flaw: "unexpected",
    isBroken: (seen) => seen.outcome === "fail" && wasSeen(seen),
  },
  {
    name: "handled to the end more often than it was delivered",
    flaw: "unexpected",
    counts: "deliveries",
    isBroken: ({ dones, deliveries }) => dones > deliveries,
  },
  {
    name: "dead, and never delivered",
    flaw: "unexpected",
    counts: "deliveries",
    isBroken: ({ deaths, deliveries }) => deaths > 0 && deliveries === 0,
  },
  {
    name: "delivered after a later one of its key",
    flaw: "disordered",
    isBroken: ({ lastAt, overtakenAt }) => lastAt > overtakenAt,
  },
  {
    name: "delivered before an earlier one of its key had been handled to the end",
    flaw: "disordered",
    isBroken: ({ firstAt, turnAt }) => firstAt < turnAt,
  },
  {
    name: "delivered before its time",
    flaw: "early",
    isBroken: ({ firstAt, deliverAt }) => firstAt < deliverAt - clockSlack,
  },
  {
    name: "dead, and not poisoned",
    flaw: "wronglyDead",
    isBroken: ({ deaths, poisoned }) => deaths > 0 && !poisoned,
  },
  { name: "dead twice", flaw: "wronglyDead", isBroken: ({ deaths }) => deaths > 1 },
  {
    name: "dead, and handled to the end",
    flaw: "wronglyDead",
    isBroken: ({ deaths, dones }) => deaths > 0 && dones > 0,
  },
  {
    name: "poisoned and confirmed, and not dead",
    flaw: "notDead",
    isBroken: ({ poisoned, outcome, deaths }) => poisoned && outcome === "ok" && deaths === 0,
  },
];

function wasSeen({ deliveries, dones, deaths }: Seen): boolean {
  return deliveries + dones + deaths > 0;
}
