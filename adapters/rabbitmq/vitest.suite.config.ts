import { defineConfig } from "vitest/config";
import shared from "../../vitest.config.ts";

/** What runs by hand: the suite on 3.10 and 4.0, and its mutants on 3.10. `npm run conformance`, `npm run mutants`. */
export default defineConfig({ test: { ...shared.test, include: ["test/*.suite.ts"] } });
