import { execFile } from "node:child_process";
import { findJavaServer } from "./java.ts";
import { kafkaJars } from "./kafka-jars.ts";

/**
 * Runs one of Kafka's own tools, by the name of its class (`"org.apache.kafka.tools.ConsoleProducer"`), of the Kafka that native
 * brokers are started from. It reads `input`; resolves to what it prints. Rejects with what it says when it fails.
 */
export async function kafkaTool(tool: string, args: readonly string[], input = ""): Promise<string> {
  const found = await findJavaServer(kafkaJars());
  if (found === undefined) throw new Error("Kafka's tools are not on this machine; start a native broker with CI=true");
  const [program = "", ...java] = found.java;
  return new Promise((resolve, reject) => {
    const child = execFile(program, [...java, "-XX:TieredStopAtLevel=1", tool, ...args], (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
    child.stdin?.end(input);
  });
}
