import type { Adapter, Transport } from "@waybill/core";
import type { Subject } from "./world.ts";

type Act = "crash" | "freeze" | "thaw";

/** The memory carrier, which draws from the seed who gets what, as a subject; with `plant` a bug in it, to be found. */
export function memorySubject(adapter: Adapter, plant?: Subject["plant"]): Subject {
  let brokers = 0;
  const act = (what: Act) => (transport: Transport) =>
    (transport as unknown as Readonly<Record<Act, () => void>>)[what]();
  return {
    adapter,
    url: (seed) => `memory:simulation-${Date.now()}-${(brokers += 1)}?seed=${seed}`,
    control: { crash: act("crash"), freeze: act("freeze"), thaw: act("thaw") },
    plant,
  };
}
