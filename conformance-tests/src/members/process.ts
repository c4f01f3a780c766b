/* A member of a group as a process: started by `ProcessMember`, told by its messages, and killed without warning. */
import process from "node:process";
import { type Adapter, connect } from "@waybill/core";
import { loadAdapter } from "../load-adapter.ts";
import { mutantNamed } from "../mutants.ts";
import { Host } from "./host.ts";
import type { MemberEvent, MemberOrder } from "./member.ts";
import type { ProcessSpec } from "./process-member.ts";

const spec = JSON.parse(process.argv[2] ?? "") as ProcessSpec;

/** Resolves when the pipe has taken it: from then on the parent reads it, even if this process dies at once. */
function tell(event: MemberEvent): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(event, () => resolve());
    else resolve();
  });
}

async function load(name: string): Promise<Adapter> {
  const adapter = await loadAdapter(name);
  return spec.mutant === undefined ? adapter : mutantNamed(spec.mutant).mutate(adapter);
}

async function main(): Promise<void> {
  const { url, namespace, options, module } = spec;
  const bus = await connect(url, { namespace, options, adapters: [await load(module)] });
  const host = new Host({ bus, spec, tell, exit: () => process.kill(process.pid, "SIGKILL") });
  process.on("message", (order) => {
    void host.obey(order as MemberOrder).then(() => {
      if ((order as MemberOrder).kind === "close") process.disconnect();
    });
  });
  // An orphan has nobody to tell anything.
  process.on("disconnect", () => process.exit());
  await host.start();
}

main().catch((error: unknown) => tell({ kind: "failed", error: String(error) }).then(() => process.exit(1)));
