import { epochNow } from "../recorder.ts";
import type { Crew, Seat } from "./crew.ts";

/** Something that happens to a run. Resolves when it is over. */
export type Fault = (crew: Crew, seat: Seat) => Promise<void>;

/** What can be asked for by name; what a carrier's own controls can do (cut, restart) comes beside these. */
export const faults: Readonly<Record<"kill" | "pause", Fault>> = {
  /** As SIGKILL: it says nothing any more. Another takes its place. */
  async kill(crew, seat) {
    await seat.member.kill();
    await crew.fill(seat);
  },
  /** As SIGSTOP for one and a half leases; then it goes on as a zombie. */
  async pause(crew, seat) {
    const from = epochNow();
    seat.member.freeze();
    await crew.wait(crew.leaseMs * 1.5);
    crew.zombie(seat, from);
    seat.member.thaw();
  },
};

export type FaultName = keyof typeof faults;

/** @throws TypeError for a name that is none */
export function faultNamed(name: string): FaultName {
  if (Object.hasOwn(faults, name)) return name as FaultName;
  throw new TypeError(`there is no fault "${name}"; known are ${Object.keys(faults).join(", ")}`);
}
