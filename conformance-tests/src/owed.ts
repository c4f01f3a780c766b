import type { OwedRule } from "./case.ts";

/** Every adapter owes it. */
export const always: OwedRule = () => "owed";

/** Where topics, with a copy for each group, are claimed. */
export const topics: OwedRule = ({ can }) => (can.has("topics") ? "owed" : { unclaimed: "topics" });

/** Where patterns of topics are claimed. */
export const patterns: OwedRule = ({ can }) => (can.has("patterns") ? "owed" : { unclaimed: "patterns" });

/** Where delivery at most once is claimed. */
export const once: OwedRule = ({ can }) => (can.has("once") ? "owed" : { unclaimed: "once" });

/** Where what a topic has kept can be replayed. */
export const replay: OwedRule = ({ can }) => (can.has("replay") ? "owed" : { unclaimed: "replay" });

/** Where addresses for replies are claimed. */
export const rpc: OwedRule = ({ can }) => (can.has("rpc") ? "owed" : { unclaimed: "rpc" });

/** Where order by key is claimed. */
export const order: OwedRule = (manifest) => (manifest.order === "key" ? "owed" : { unclaimed: "order" });

/** Where a delay of some seconds is claimed. */
export const delay: OwedRule = ({ maxDelay }) => (maxDelay >= 5_000 ? "owed" : { unclaimed: "delay" });

/** Where the suite can kill members. */
export const kills: OwedRule = (_, { processes, crash }) =>
  processes !== undefined || crash !== undefined ? "owed" : { needs: "controls that kill a member" };

/** Where the suite can stop members and let them go on. */
export const stops: OwedRule = (_, { processes, freeze, thaw }) =>
  processes !== undefined || (freeze !== undefined && thaw !== undefined)
    ? "owed"
    : { needs: "controls that stop a member" };

/** Where the suite has members that are processes. */
export const forks: OwedRule = (_, { processes }) =>
  processes !== undefined ? "owed" : { needs: "members that are processes" };

/** Where the suite has links that fail. */
export const links: OwedRule = (_, { link }) =>
  link !== undefined ? "owed" : { needs: "controls with a link that can fail" };

/** Where the suite has brokers to kill, and they keep what they confirm. */
export const restarts: OwedRule = ({ durability }, { broker }) => {
  if (durability === "none") return { needs: "a broker that keeps what it confirms" };
  return broker !== undefined ? "owed" : { needs: "controls with a broker that can be killed" };
};

/** Where a rule of the adapter's own limits holds; otherwise `why` it cannot be shown. */
export function where(why: string, holds: (manifest: Parameters<OwedRule>[0]) => boolean): OwedRule {
  return (manifest) => (holds(manifest) ? "owed" : { needs: why });
}

/** Where all of them hold; the first that does not says why. */
export function every(...rules: readonly OwedRule[]): OwedRule {
  return (manifest, controls) => {
    for (const rule of rules) {
      const owed = rule(manifest, controls);
      if (owed !== "owed") return owed;
    }
    return "owed";
  };
}
