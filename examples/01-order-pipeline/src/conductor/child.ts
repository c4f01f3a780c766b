/** One service in a process of its own, started by `Processes` with its task as the argument. */
import { Reporter } from "./reporter.ts";
import type { Report } from "./reports.ts";
import type { Task } from "./service.ts";
import { startService } from "./service.ts";

const reporter = new Reporter(
  (reports: readonly Report[]) =>
    new Promise((resolve, reject) => {
      process.send?.(reports, undefined, undefined, (error) => (error ? reject(error) : resolve()));
    }),
);

// Ctrl-C reaches every process of the terminal; the conductor, which is told too, says when to stop.
process.on("SIGINT", () => undefined);

try {
  const service = await startService(JSON.parse(process.argv[2] ?? "") as Task, reporter);
  const stopped = new Promise<void>((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("disconnect", resolve);
  });
  void reporter.tell({ kind: "ready" });
  await Promise.race([service.ended, stopped]);
  await service.close();
  process.exit();
} catch (error) {
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exit(1);
}
