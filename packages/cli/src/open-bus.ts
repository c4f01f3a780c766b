import { resolveConfig, type ResolvedConfig } from "@waybill/config";
import { type Bus, type BusReport, connect } from "@waybill/core";
import type { Invocation } from "./command.ts";
import { fromUser } from "./usage-error.ts";

/** The settings by flags, environment and file. */
export function configOf({ args }: Pick<Invocation, "args">): Promise<ResolvedConfig> {
  return resolveConfig({
    file: args.text("config"),
    override: { url: args.text("url"), namespace: args.text("namespace") },
  });
}

/** A connection by the settings, and the settings. Nothing is created unless `topology` says so. */
export async function openBus(
  { args, output }: Pick<Invocation, "args" | "output">,
  topology: "create" | "verify" = "verify",
): Promise<{ readonly bus: Bus; readonly config: ResolvedConfig }> {
  const config = await configOf({ args });
  const { source = "waybill-cli" } = config.settings;
  const onReport = ({ kind, error }: BusReport): void => {
    if (args.has("verbose")) output.note(`waybill: ${kind}${error === undefined ? "" : `: ${error.message}`}`);
  };
  const bus = await connect({ ...config.settings, source, topology, onReport }).catch((error: unknown) =>
    fromUser(() => {
      throw error;
    }),
  );
  return { bus, config };
}
