/* A member of a group as a process: started by `ProcessMember`, told by its messages, and killed without warning. */
import process from "node:process";
import { type Adapter, connect } from "@waybill/core";
import { loadAdapter } from "../load-adapter.ts";
import { mutantNamed } from "../mutants.ts";
import { actorOf } from "./actors.ts";
import type { MemberEvent, MemberOrder } from "./member.ts";
import type { ProcessSpec } from "./process-member.ts";

const spec = JSON.parse(process.argv[2] ?? "") as ProcessSpec;

let untold: MemberEvent[] = [];
let telling: Promise<void> | undefined;

/**
 * Resolves when the pipe has taken it: from then on the parent reads it, even if this process dies at once. What is told in one turn
 * of the event loop goes together.
 */
function tell(event: MemberEvent): Promise<void> {
  untold.push(event);
  telling ??= new Promise((resolve) => {
    setImmediate(() => {
      const events = untold;
      [untold, telling] = [[], undefined];
      if (process.connected) process.send?.(events, () => resolve());
      else resolve();
    });
  });
  return telling;
}

async function load(name: string): Promise<Adapter> {
  const adapter = await loadAdapter(name);
  return spec.mutant === undefined ? adapter : mutantNamed(spec.mutant).mutate(adapter);
}

async function main(): Promise<void> {
  const { url, namespace, options, module } = spec;
  const bus = await connect(url, { namespace, options, adapters: [await load(module)] });
  const actor = actorOf({ bus, spec, tell, exit: () => process.kill(process.pid, "SIGKILL") });
  process.on("message", (order) => {
    void actor.obey(order as MemberOrder).then(() => {
      if ((order as MemberOrder).kind === "close") process.disconnect();
    });
  });
  // Ctrl-C is for the parent, which ends its members in peace.
  process.on("SIGINT", () => undefined);
  // An orphan has nobody to tell anything.
  process.on("disconnect", () => process.exit());
  await actor.start();
}

main().catch((error: unknown) => tell({ kind: "failed", error: String(error) }).then(() => process.exit(1)));
