import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { exchange } from "../exchange.ts";
import { findProgram } from "../find-program.ts";
import { aptInstall } from "../install.ts";
import type { Server } from "../server.ts";
import type { Launch } from "../server-process.ts";

/** Not the wrapper in the PATH, which becomes another user where it can. */
const places = [
  "/usr/lib/rabbitmq/bin",
  "/opt/rabbitmq/sbin",
  "/opt/homebrew/opt/rabbitmq/sbin",
  "/usr/local/opt/rabbitmq/sbin",
];

/** The daemon that knows the nodes is of this group too; it would outlive it otherwise. It must be there before the node. */
const script = `
  epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 &
  until epmd -port "$ERL_EPMD_PORT" -names >/dev/null 2>&1; do sleep 0.02; done
  exec "$0"`;

export const rabbitmq: Server = {
  kind: "rabbitmq",
  hint: "install rabbitmq-server, start Docker (with `npm i -D testcontainers`) or set WAYBILL_TEST_RABBITMQ_URL",

  suitsAny: ({ port }) => port === undefined,
  urlOf: ({ host, port }) => `amqp://guest:guest@${host}:${port}`,

  /** The greeting of AMQP 0-9-1, which a server answers with a frame that tells its version. */
  async probe(url) {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port || 5672), hostname);
    const start = await exchange(socket, Buffer.from("AMQP\0\0\t\u0001", "latin1"), (answer) => answer.at(-1) === 0xce);
    return fieldOf(start, "version");
  },

  container: { image: "rabbitmq:4", port: 5672, suits: () => true, settings: () => ({}) },

  native: {
    offsets: [1, 2],
    async find() {
      const program = await findProgram(["rabbitmq-server"], places);
      if (program === undefined) return undefined;
      return (directory, port) => prepare(program, directory, port);
    },
    install: () => aptInstall(["rabbitmq-server"]),
  },
};

/** A text in a table of AMQP: its name after a byte of length, an S, four bytes of length, the text. */
function fieldOf(frame: Buffer, name: string): string {
  const at = frame.indexOf(`${name}S`) + name.length + 1;
  return at <= name.length ? "" : frame.toString("utf8", at + 4, at + 4 + frame.readUInt32BE(at));
}

async function prepare(program: string, directory: string, port: number): Promise<Launch> {
  const config = join(directory, "rabbitmq.conf");
  await mkdir(join(directory, "log"));
  await writeFile(config, `listeners.tcp.default = 127.0.0.1:${port}\nloopback_users = none\n`);
  return {
    command: ["sh", "-c", script, program],
    env: {
      HOME: directory,
      ERL_EPMD_PORT: `${port + 2}`,
      RABBITMQ_NODENAME: `waybill${port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
      RABBITMQ_NODE_PORT: `${port}`,
      RABBITMQ_DIST_PORT: `${port + 1}`,
      RABBITMQ_MNESIA_BASE: join(directory, "data"),
      RABBITMQ_LOG_BASE: join(directory, "log"),
      RABBITMQ_PID_FILE: join(directory, "pid"),
      RABBITMQ_CONFIG_FILE: config,
      RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, "enabled_plugins"),
      // The process that is started is the node itself, and not a shell before it.
      RABBITMQ_ALLOW_INPUT: "true",
      RABBITMQ_SERVER_START_ARGS: "-noinput",
    },
  };
}
