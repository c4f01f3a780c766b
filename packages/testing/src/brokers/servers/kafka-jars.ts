import process from "node:process";
import type { JavaServer } from "./java.ts";

const newest = "4.3.1";

/** Kafka's jars. A version that is asked for, also by `WAYBILL_TEST_KAFKA_VERSION`, comes by Maven alone. */
export function kafkaJars(version: string | undefined = process.env["WAYBILL_TEST_KAFKA_VERSION"]): JavaServer {
  const wanted = version ?? newest;
  return {
    name: `kafka-${wanted}-with-tools`,
    artifacts: [`org.apache.kafka:kafka_2.13:${wanted}`, loggerOf(wanted)],
    // Of what the tools need for anything but the console, nothing is needed here.
    bare: [`org.apache.kafka:kafka-tools:${wanted}`],
    homes:
      version === undefined
        ? [process.env["KAFKA_HOME"], "/opt/kafka", "/usr/local/kafka", "/opt/homebrew/opt/kafka/libexec"]
        : [],
  };
}

/** Without one Kafka 3 does not start. */
function loggerOf(version: string): string {
  return version.startsWith("3.")
    ? "org.slf4j:slf4j-reload4j:1.7.36"
    : "org.apache.logging.log4j:log4j-slf4j-impl:2.25.1";
}
