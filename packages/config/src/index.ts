export { type Config, type ConsumerConfig, defineConfig, type DelayConfig } from "./config.ts";
export type { Environment } from "./environment.ts";
export { loadConfig, type LoadOptions, resolveConfig, type ResolvedConfig } from "./load-config.ts";
export { nearest } from "./nearest.ts";
