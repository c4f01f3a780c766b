import { defineConfig } from "vitest/config";
import shared from "../../vitest.config.ts";

/** What takes too long for each change, or an account: the mutants, and the suite on AWS. `npm run mutants`, `npm run aws`. */
export default defineConfig({ test: { ...shared.test, include: ["test/*.suite.ts"] } });
