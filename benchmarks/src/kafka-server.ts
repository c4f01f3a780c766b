import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { promisify } from "node:util";
import { startBroker } from "@waybill/testing";
import type { CountedServer } from "./counted-server.ts";

/** What Linux counts CPU time in, µs. */
const tick = 10_000;

/** Starts a Kafka of our own, one broker, as it comes. */
export async function startKafka(): Promise<CountedServer> {
  const broker = await startBroker("kafka", { sources: ["native"] });
  const children = ["--ppid", String(process.pid), "-o", "pid=,comm="];
  const { stdout } = await promisify(execFile)("ps", children);
  const [, pid] = /^ *(\d+) java$/m.exec(stdout) ?? [];
  return {
    url: broker.url,
    async cpu() {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8");
      // Behind the name, which may hold spaces, user and system are the twelfth and thirteenth.
      const [user, system] = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .slice(11, 13);
      return (Number(user) + Number(system)) * tick;
    },
    [Symbol.asyncDispose]: () => broker.stop(),
  };
}
