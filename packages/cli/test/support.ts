import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bus, connect, PermanentError, queue, topic } from "@waybill/core";
import { sqlite } from "@waybill/sqlite";
import { expect, onTestFinished } from "vitest";
import { z } from "zod";

export const main: string = fileURLToPath(new URL("../dist/main.js", import.meta.url));

export const orders = topic("order.placed", {
  schema: z.object({ orderId: z.string(), total: z.number() }),
  key: ({ orderId }) => orderId,
  ordered: true,
});
export const emails = queue("email.send", { schema: z.object({ to: z.string() }) });

/** What a command line came to. */
interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line that runs. */
interface Running {
  readonly ended: Promise<Ended>;
  /** Resolves when its output, of both kinds, has matched. */
  readonly seen: (pattern: RegExp) => Promise<void>;
  readonly type: (text: string) => void;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly closeOutput: () => void;
}

/** A service's folder over a database of its own, and its own connection to that. */
export interface Place {
  readonly folder: string;
  readonly bus: Bus;
  readonly start: (...args: readonly string[]) => Running;
  readonly run: (...args: readonly string[]) => Promise<Ended>;
  /** The same, its results as JSON. */
  readonly json: (...args: readonly string[]) => Promise<readonly unknown[]>;
}

/** Makes one. Its settings come from `waybill.config.json`. */
export async function place(config: Readonly<Record<string, unknown>> = {}): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "waybill-cli-"));
  const url = `sqlite:${folder}/waybill.db`;
  await writeFile(join(folder, "package.json"), "{}");
  await writeFile(join(folder, "waybill.config.json"), JSON.stringify({ url: "sqlite:./waybill.db", ...config }));
  const bus = await connect(url, { source: "order-service", adapters: [sqlite] });
  onTestFinished(async () => {
    await bus.close();
    await rm(folder, { recursive: true });
  });
  const run = (...args: readonly string[]): Promise<Ended> => start(folder, args).ended;
  return {
    folder,
    bus,
    start: (...args) => start(folder, args),
    run,
    json: async (...args) => {
      const { stdout } = await run(...args, "--json");
      return stdout
        .split("\n")
        .filter(Boolean)
        .map((line): unknown => JSON.parse(line));
    },
  };
}

/** The environment of a command line: nothing of the developer's own settings. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^WAYBILL_|^DEBUG$/.test(name)));
}

/** Starts a command line in a folder. */
export function start(folder: string, args: readonly string[]): Running {
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, env: cleanEnvironment() });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.on("error", () => undefined);
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return {
    ended,
    seen: async (pattern) => {
      await expect.poll(() => stdout + stderr, { timeout: 20_000 }).toMatch(pattern);
    },
    type: (text) => void child.stdin.end(text),
    kill: (signal) => void child.kill(signal),
    closeOutput: () => void child.stdout.destroy(),
  };
}

/** Publishes orders that group "billing" refuses for good; resolves when they are dead. */
export async function refusedOrders(bus: Bus, ids: readonly string[]): Promise<void> {
  const consumer = await bus.subscribe(orders, { group: "billing" }, ({ data }) => {
    throw new PermanentError(`card of ${data.orderId} was refused`);
  });
  for (const orderId of ids) await bus.publish(orders, { orderId, total: 42 }, { headers: { region: "north" } });
  await expect.poll(() => bus.inbox(orders, "billing").stats()).toMatchObject({ dead: ids.length });
  await consumer.close();
}
