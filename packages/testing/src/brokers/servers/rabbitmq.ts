import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { connect as connectTls } from "node:tls";
import type { BrokerOptions } from "../broker.ts";
import { exchange } from "../exchange.ts";
import { findProgram } from "../find-program.ts";
import { aptInstall } from "../install.ts";
import type { Server } from "../server.ts";
import type { Launch } from "../server-process.ts";

export interface RabbitmqOptions extends BrokerOptions {
  /** Further lines of its rabbitmq.conf: `["consumer_timeout = 2000"]`. Natively only, as all of these. */
  readonly config?: readonly string[] | undefined;
  /** Plugins that are enabled. That of management answers HTTP on the port three above the server's. */
  readonly plugins?: readonly string[] | undefined;
  /** Speak TLS alone, with these files. A client may show a certificate of the same authority. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string } | undefined;
  /** The script rabbitmq-server, after what runs it, instead of the machine's own; beside it lies rabbitmqctl. */
  readonly command?: readonly string[] | undefined;
  /** Further variables of its environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Not the wrapper in the PATH, which becomes another user where it can. */
const places = [
  "/usr/lib/rabbitmq/bin",
  "/opt/rabbitmq/sbin",
  "/opt/homebrew/opt/rabbitmq/sbin",
  "/usr/local/opt/rabbitmq/sbin",
];

/** The daemon that knows the nodes is of this group too; it would outlive it otherwise. It must be there before the node. */
const script = `
  if ! epmd -port "$ERL_EPMD_PORT" -names >/dev/null 2>&1; then epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 & fi
  until epmd -port "$ERL_EPMD_PORT" -names >/dev/null 2>&1; do sleep 0.02; done
  exec "$0"`;

/** How far from its port the others of a node lie. */
const offset = { distribution: 1, epmd: 2, management: 3 };

export const rabbitmq: Server<RabbitmqOptions> = {
  kind: "rabbitmq",
  hint: "install rabbitmq-server, start Docker (with `npm i -D testcontainers`) or set WAYBILL_TEST_RABBITMQ_URL",

  suitsAny: (options) => options.port === undefined && isPlain(options),
  urlOf: ({ host, port }, { tls }) => `${tls === undefined ? "amqp" : "amqps"}://guest:guest@${host}:${port}`,

  /** The greeting of AMQP 0-9-1, which a server answers with a frame that tells its version. */
  async probe(url) {
    const { protocol, hostname: host, port } = new URL(url);
    const socket =
      protocol === "amqps:"
        ? connectTls({ host, port: Number(port || 5671), rejectUnauthorized: false })
        : connect(Number(port || 5672), host);
    const start = await exchange(socket, Buffer.from("AMQP\0\0\t\u0001", "latin1"), (answer) => answer.at(-1) === 0xce);
    return fieldOf(start, "version");
  },

  // Which quorum queues it has, a node writes down half a second later: of one it does not know nobody gets anything any more.
  beforeKill: ["eval", "[dets:sync(Table) || Table <- dets:all()].", "--timeout", "5"],

  container: { image: "rabbitmq:4", port: 5672, tool: ["rabbitmqctl"], suits: isPlain, settings: () => ({}) },

  native: {
    offsets: Object.values(offset),
    async find(options) {
      const found = await findProgram(["rabbitmq-server"], places);
      const command = options.command ?? (found === undefined ? undefined : [found]);
      return command && ((directory, port) => prepare(command, options, directory, port));
    },
    install: () => aptInstall(["rabbitmq-server"]),
  },
};

/** The name of the node whose port is this one. */
export function nodeNameOf(port: number): string {
  return `waybill${port}@localhost`;
}

function isPlain({ config, plugins, tls, command, env }: RabbitmqOptions): boolean {
  return [config, plugins, tls, command, env].every((option) => option === undefined);
}

/** A text in a table of AMQP: its name after a byte of length, an S, four bytes of length, the text. */
function fieldOf(frame: Buffer, name: string): string {
  const at = frame.indexOf(`${name}S`) + name.length + 1;
  return at <= name.length ? "" : frame.toString("utf8", at + 4, at + 4 + frame.readUInt32BE(at));
}

async function prepare(
  command: readonly string[],
  options: RabbitmqOptions,
  directory: string,
  port: number,
): Promise<Launch> {
  const { plugins = [], env } = options;
  const inDirectory = (name: string): string => join(directory, name);
  await mkdir(inDirectory("log"));
  await writeFile(inDirectory("rabbitmq.conf"), settingsOf(options, port).join("\n") + "\n");
  await writeFile(inDirectory("enabled_plugins"), `[${plugins.join(",")}].\n`);
  const [program = "", ...before] = command.toReversed();
  const by = before.toReversed();
  return {
    command: [...by, "sh", "-c", script, program],
    tool: [...by, join(dirname(program), "rabbitmqctl")],
    env: {
      HOME: directory,
      // So that rabbitmqctl takes names as they are written.
      LC_ALL: "C.UTF-8",
      ERL_CRASH_DUMP: inDirectory("erl_crash.dump"),
      ERL_EPMD_PORT: `${port + offset.epmd}`,
      RABBITMQ_NODENAME: nodeNameOf(port),
      RABBITMQ_DIST_PORT: `${port + offset.distribution}`,
      RABBITMQ_MNESIA_BASE: inDirectory("data"),
      RABBITMQ_LOG_BASE: inDirectory("log"),
      RABBITMQ_PID_FILE: inDirectory("pid"),
      RABBITMQ_CONFIG_FILE: inDirectory("rabbitmq.conf"),
      RABBITMQ_ENABLED_PLUGINS_FILE: inDirectory("enabled_plugins"),
      // The process that is started is the node itself, and not a shell before it.
      RABBITMQ_ALLOW_INPUT: "true",
      RABBITMQ_SERVER_START_ARGS: "-noinput",
      ...env,
    },
  };
}

function settingsOf({ config = [], plugins = [], tls }: RabbitmqOptions, port: number): readonly string[] {
  const listen =
    tls === undefined
      ? [`listeners.tcp.default = 127.0.0.1:${port}`]
      : ["listeners.tcp = none", `listeners.ssl.default = 127.0.0.1:${port}`, ...tlsSettings(tls)];
  const management = plugins.includes("rabbitmq_management")
    ? ["management.tcp.ip = 127.0.0.1", `management.tcp.port = ${port + offset.management}`]
    : [];
  return [...listen, "loopback_users = none", ...management, ...config];
}

function tlsSettings({ cert, key, ca }: NonNullable<RabbitmqOptions["tls"]>): readonly string[] {
  const files = [`cacertfile = ${ca}`, `certfile = ${cert}`, `keyfile = ${key}`];
  return [...files, "verify = verify_peer", "fail_if_no_peer_cert = false"].map((line) => `ssl_options.${line}`);
}
