import { defineConfig } from "vitest/config";
import shared from "./vitest.config.ts";

/** For what is run by hand, because it takes too long for each change, is of a carrier that is not finished, or needs an account. */
export default defineConfig({ test: { ...shared.test, include: ["test/**/*.suite.ts"] } });
