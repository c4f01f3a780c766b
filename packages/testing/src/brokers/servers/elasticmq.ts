import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type FoundJavaServer, type JavaServer, findJavaServer, installJars } from "./java.ts";
import type { Server } from "../server.ts";
import type { Launch } from "../server-process.ts";
import { type SqsOptions, sqs } from "./sqs.ts";

const newest = "1.7.1";
const jars: JavaServer = {
  name: `elasticmq-${newest}`,
  artifacts: [`org.elasticmq:elasticmq-server_2.13:${newest}`],
  homes: [],
};
const containerPort = 9324;
/** In the minutes that tests last, Java's second compiler takes more time than it saves. */
const quick = "-XX:TieredStopAtLevel=1";

export const elasticmq: Server<SqsOptions> = {
  ...sqs,
  hint: "start Docker (with `npm i -D testcontainers`), set WAYBILL_TEST_SQS_URL or ask for fauxqs (`npm i -D fauxqs`)",

  container: {
    image: `softwaremill/elasticmq:${newest}`,
    port: containerPort,
    suits: () => true,
    settings: ({ host, port }, { keeps = true }) => ({
      files: {
        "/opt/elasticmq.conf": settingsOf({
          host,
          port,
          bind: "0.0.0.0",
          bindPort: containerPort,
          data: keeps ? "/tmp/messages" : undefined,
        }),
      },
    }),
  },

  native: {
    offsets: [],
    async find({ keeps = true }) {
      const found = await findJavaServer(jars);
      return found && ((directory, port) => prepare(found, { directory, port, keeps }));
    },
    install: () => installJars(jars),
  },
};

interface Place {
  readonly directory: string;
  readonly port: number;
  readonly keeps: boolean;
}

async function prepare({ java, version }: FoundJavaServer, { directory, port, keeps }: Place): Promise<Launch> {
  const file = join(directory, "elasticmq.conf");
  const data = keeps ? join(directory, "messages") : undefined;
  await writeFile(file, settingsOf({ host: "127.0.0.1", port, bind: "127.0.0.1", bindPort: port, data }));
  return { command: [...java, quick, `-Dconfig.file=${file}`, "org.elasticmq.server.Main"], version };
}

interface Settings {
  /** Where clients reach it, which stands in the URLs of queues. */
  readonly host: string;
  readonly port: number;
  readonly bind: string;
  readonly bindPort: number;
  /** Undefined where nothing is kept. */
  readonly data: string | undefined;
}

/** Messages are written before they are confirmed, so that a kill loses none: by default H2 writes half a second later. */
function settingsOf({ host, port, bind, bindPort, data }: Settings): string {
  return `include classpath("application.conf")
node-address { protocol = http, host = "${host}", port = ${port}, context-path = "" }
rest-sqs { enabled = true, bind-port = ${bindPort}, bind-hostname = "${bind}", sqs-limits = strict }
rest-stats { enabled = false }
${data === undefined ? "" : `messages-storage { enabled = true, uri = "jdbc:h2:${data};WRITE_DELAY=0" }`}
`;
}
