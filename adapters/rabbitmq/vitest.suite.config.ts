import { defineConfig } from "vitest/config";
import shared from "../../vitest.config.ts";

/** What takes too long for each change: the mutants, on 3.10. `npm run mutants`. */
export default defineConfig({ test: { ...shared.test, include: ["test/*.suite.ts"] } });
