import { defineConfig } from "vitest/config";
import shared from "./vitest.config.ts";

/** For what is run by hand, because it takes too long for each change, is not green yet, or needs an account. */
export default defineConfig({ test: { ...shared.test, include: ["test/**/*.suite.ts"] } });
