import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import type { Server } from "../server.ts";
import { type SqsOptions, sqs } from "./sqs.ts";

export const fauxqs: Server<SqsOptions> = {
  ...sqs,
  hint: "install fauxqs (`npm i -D fauxqs`) or set WAYBILL_TEST_SQS_URL",

  native: {
    offsets: [],
    async find({ keeps = true }) {
      const program = findServer();
      if (program === undefined) return undefined;
      // A process of its own, so that it can be killed and does not share the tests' event loop.
      return async (directory, port) => ({
        command: [process.execPath, program],
        env: {
          FAUXQS_PORT: `${port}`,
          FAUXQS_DATA_DIR: directory,
          FAUXQS_PERSISTENCE: `${keeps}`,
          FAUXQS_LOGGER: "false",
        },
      });
    },
    // It is a package of npm: one that a repository needs stands in its package.json.
    install: () => Promise.resolve(),
  },
};

/** The program of the package that is installed beside this one or above the working directory. */
function findServer(): string | undefined {
  return [import.meta.url, join(process.cwd(), "package.json")]
    .flatMap((from) => createRequire(from).resolve.paths("fauxqs") ?? [])
    .map((folder) => join(folder, "fauxqs/dist/server.js"))
    .find((file) => existsSync(file));
}
