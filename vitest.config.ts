import { defineConfig } from "vitest/config";

/** Shared by all packages; each runs it with its own folder as the root. */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    passWithNoTests: true,
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 30_000,
    retry: 0,
    reporters: ["default", "json"],
    outputFile: { json: ".vitest/report.json" },
  },
});
