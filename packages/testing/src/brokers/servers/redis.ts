import type { BrokerOptions } from "../broker.ts";
import { findProgram } from "../find-program.ts";
import { aptInstall } from "../install.ts";
import { askRedis } from "../redis-link.ts";
import type { Server } from "../server.ts";

export interface RedisOptions extends BrokerOptions {
  /** Further arguments of the server, which come last: `["--requirepass", "secret"]`. A URL from the environment is passed over. */
  readonly args?: readonly string[] | undefined;
  /** The program, and arguments that come first, instead of the machine's redis-server: another version, Valkey. Natively only. */
  readonly command?: readonly string[] | undefined;
  /** Speak TLS alone, with these files. Natively only. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string } | undefined;
}

/**
 * What every server gets: what was confirmed outlives a SIGKILL, and nothing else is written. With `everysec` it would not: while a
 * sync is under way Redis answers before it writes, and a kill in that moment takes milliseconds of confirmed writes with it.
 */
const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];

export const redis: Server<RedisOptions> = {
  kind: "redis",
  hint: "install redis-server, start Docker (with `npm i -D testcontainers`) or set WAYBILL_TEST_REDIS_URL",

  suitsAny: ({ port, args, command, tls }) => [port, args, command, tls].every((option) => option === undefined),
  urlOf: ({ host, port }, { tls }) => `${tls === undefined ? "redis" : "rediss"}://${host}:${port}`,

  async probe(url) {
    try {
      const [info = ""] = await askRedis(url, [["INFO", "server"]]);
      // Valkey tells both: its own, and that of the Redis it descends from.
      return (/^valkey_version:(\S+)/m.exec(info) ?? /^redis_version:(\S+)/m.exec(info))?.[1] ?? "";
    } catch (error) {
      // It asks for a password: it is there, and does not tell its version.
      if (error instanceof Error && /^(NOAUTH|WRONGPASS|NOPERM)/.test(error.message)) return "";
      throw error;
    }
  },

  container: {
    image: "redis:8",
    port: 6379,
    suits: ({ command, tls }) => command === undefined && tls === undefined,
    // Arguments alone: the image knows whether it is Redis or Valkey.
    settings: (_at, { args = [] }) => ({
      command: ["--bind", "0.0.0.0", "--protected-mode", "no", ...durable, ...args],
    }),
  },

  native: {
    offsets: [10_000], // where the nodes of a cluster speak
    async find({ command, args = [], tls }) {
      const found = await findProgram(["redis-server", "valkey-server"]);
      const program = command ?? (found === undefined ? undefined : [found]);
      if (program === undefined) return undefined;
      const listen = (port: number): readonly string[] =>
        tls === undefined ? ["--port", `${port}`] : ["--port", "0", "--tls-port", `${port}`, ...tlsArguments(tls)];
      return async (directory, port) => ({
        command: [...program, "--bind", "127.0.0.1", ...listen(port), "--dir", directory, ...durable, ...args],
      });
    },
    install: () => aptInstall(["redis-server"]),
  },
};

function tlsArguments({ cert, key, ca }: NonNullable<RedisOptions["tls"]>): readonly string[] {
  return ["--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", ca, "--tls-auth-clients", "no"];
}
