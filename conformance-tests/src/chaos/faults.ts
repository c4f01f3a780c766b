import type { FaultProxy } from "@waybill/testing";
import { epochNow } from "../epoch-now.ts";
import type { Crew, Seat } from "./crew.ts";

export type FaultName = "kill" | "pause" | "cut" | "drop-reply" | "blackhole" | "restart";

/** Something that happens to a run. Resolves when it is over. */
export type Fault = (crew: Crew, seat: Seat) => Promise<void>;

/** In so many of these a fault strikes every link, else that of one member. */
const allIn = 4;
/** How long a reply is waited for that could be dropped, ms. */
const replyMs = 1_000;

/** Everything that can happen. */
export const faults: Readonly<Record<FaultName, Fault>> = {
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
  /** Connections end with RST. */
  async cut(crew, seat) {
    for (const link of linksOf(crew, seat)) link.cut();
  },
  /** Requests pass, their replies are swallowed, then the connections are cut: nobody knows what was done. */
  async "drop-reply"(crew, seat) {
    const links = linksOf(crew, seat);
    const swallowed = (): number => links.reduce((sum, link) => sum + link.toClient.swallowed, 0);
    const [before, until] = [swallowed(), performance.now() + replyMs];
    for (const link of links) link.toClient.blackHole();
    while (swallowed() === before && performance.now() < until) await crew.wait(5);
    await heal(links);
  },
  /** Nothing passes for one and a half leases, then the link is healed. */
  async blackhole(crew, seat) {
    const links = linksOf(crew, seat);
    for (const link of links) link.blackHole();
    await crew.wait(crew.leaseMs * 1.5);
    await heal(links);
  },
  /** The broker is killed with SIGKILL and started again on its data. */
  async restart(crew) {
    await crew.broker?.kill();
    await crew.broker?.restart();
  },
};

const needsLink: ReadonlySet<FaultName> = new Set(["cut", "drop-reply", "blackhole"]);

/** Whether it is the link of a member that fails. */
export function isOfLinks(name: FaultName): boolean {
  return needsLink.has(name);
}

/** What a carrier has: one that is reached over a network has links, and a server of ours can be killed. */
export function faultsOf(has: { readonly links: boolean; readonly broker: boolean }): readonly FaultName[] {
  const names = Object.keys(faults) as FaultName[];
  return names.filter((name) => (name === "restart" ? has.broker : !isOfLinks(name) || has.links));
}

function linksOf({ random, links }: Crew, { link }: Seat): readonly FaultProxy[] {
  return link === undefined || Math.floor(random() * allIn) === 0 ? links : [link];
}

async function heal(links: readonly FaultProxy[]): Promise<void> {
  await Promise.all(links.map((link) => link.heal()));
}
