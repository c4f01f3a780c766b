import {
  type Claim,
  type IdempotencyStore,
  jitteredBackoff,
  Supervisor,
  systemClock,
  WaybillError,
} from "@waybill/core";
import { argumentsOf, claimOf, type ClaimRequest, claims } from "./claims.ts";
import { confirmed } from "./confirmation.ts";
import { toError } from "./errors.ts";
import { type OpenServer, openServer } from "./server.ts";
import { type Settings, settingsOf } from "./url.ts";

export interface RedisStoreOptions {
  /** What the names of its keys begin with. Default `"waybill:once:"`. */
  readonly prefix?: string | undefined;
  /** What the adapter's section of the configuration may hold as well, such as `ca`, `sentinels` or `cluster`. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
}

interface Pending extends ClaimRequest {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: WaybillError) => void;
}

/** How many requests one script takes, so that it does not hold up the server. */
const atOnce = 256;

/**
 * Opens the claims and records of `idempotency` in a Redis: the bus's own, or another. All processes that use the same server and
 * prefix share them. Rejects with `CONFIG`, `PERMISSION`, `UNSUPPORTED` or `UNAVAILABLE`.
 */
export function redisStore(url: string | URL, options: RedisStoreOptions = {}): Promise<RedisStore> {
  return RedisStore.open(url, options);
}

/**
 * What is asked in one turn of the event loop is one script, on the server's clock. After a loss it waits for the next
 * connection, and asks again what had no answer; when that takes longer than `connectTimeoutMs` it rejects with `UNAVAILABLE`,
 * and what was asked may have been done or not. It keeps its process alive until it is closed.
 */
export class RedisStore implements IdempotencyStore, AsyncDisposable {
  readonly #settings: Settings;
  readonly #prefix: string;
  readonly #supervisor: Supervisor<OpenServer>;
  readonly #running = new Set<Promise<void>>();
  #batch: Pending[] = [];
  #closed = false;

  private constructor(settings: Settings, prefix: string) {
    this.#settings = settings;
    this.#prefix = prefix;
    this.#supervisor = new Supervisor<OpenServer>({
      open: (generation) => openServer(settings, { onLost: (error) => this.#supervisor.lost(generation, error) }),
      end: ({ client }) => client.close(),
      clock: systemClock,
      backoff: jitteredBackoff(Math.random),
      report: () => undefined,
    });
  }

  /** See `redisStore`. */
  static async open(url: string | URL, options: RedisStoreOptions): Promise<RedisStore> {
    const settings = settingsOf(new URL(url), options.settings);
    const store = new RedisStore(settings, options.prefix ?? "waybill:once:");
    await store.#supervisor.start();
    return store;
  }

  async claim(key: string, owner: string, leaseMs: number): Promise<Claim> {
    return claimOf(await this.#ask({ kind: "claim", key, owner, ms: leaseMs, record: undefined }));
  }

  async renew(key: string, owner: string, leaseMs: number): Promise<boolean> {
    return (await this.#ask({ kind: "renew", key, owner, ms: leaseMs, record: undefined })) === 1;
  }

  async complete(key: string, owner: string, record: Uint8Array | undefined, retentionMs: number): Promise<boolean> {
    return (await this.#ask({ kind: "complete", key, owner, ms: retentionMs, record })) === 1;
  }

  async release(key: string, owner: string): Promise<void> {
    await this.#ask({ kind: "release", key, owner, ms: 0, record: undefined });
  }

  /** Answers what was asked, then closes the connection. Safe to repeat. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#flush();
    await Promise.all(this.#running);
    await this.#supervisor.close();
  }

  #ask(request: ClaimRequest): Promise<unknown> {
    if (this.#closed) return Promise.reject(new WaybillError("CLOSED", "the idempotency store is closed"));
    if (this.#batch.length === 0) setImmediate(() => this.#flush());
    return new Promise((resolve, reject) => this.#batch.push({ ...request, resolve, reject }));
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    // The keys of one script live on one node.
    const size = this.#settings.kind === "cluster" ? 1 : atOnce;
    for (let from = 0; from < batch.length; from += size) {
      const running = this.#execute(batch.slice(from, from + size));
      this.#running.add(running);
      void running.then(() => this.#running.delete(running));
    }
  }

  async #execute(batch: readonly Pending[]): Promise<void> {
    try {
      const answers = await this.#run(batch);
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index]);
    } catch (thrown) {
      for (const { reject } of batch) reject(toError(thrown));
    }
  }

  async #run(batch: readonly Pending[]): Promise<readonly unknown[]> {
    const keys = batch.map(({ key }) => this.#prefix + key);
    const args = argumentsOf(batch);
    const deadline = systemClock.now() + this.#settings.connectTimeoutMs;
    for (;;) {
      const server = await this.#connectedBy(deadline);
      const { client } = server;
      try {
        const [answers] = await Promise.all([client.run(claims, keys, args), this.#confirm(server, keys[0])]);
        return answers as readonly unknown[];
      } catch (thrown) {
        const refused = this.#supervisor.connection === server;
        if (refused || systemClock.now() >= deadline) throw toError(thrown, client.node);
      }
    }
  }

  async #confirm({ client, terms: { confirm } }: OpenServer, key = ""): Promise<void> {
    if (confirm !== undefined) await confirmed(client, confirm, key, this.#settings.commandTimeoutMs / 2);
  }

  async #connectedBy(deadline: number): Promise<OpenServer> {
    const { connection } = this.#supervisor;
    if (connection !== undefined) return connection;
    const late = Promise.withResolvers<never>();
    const error = new WaybillError("UNAVAILABLE", "the idempotency store has lost its connection to Redis");
    const cancel = systemClock.after(deadline - systemClock.now(), () => late.reject(error));
    try {
      return await Promise.race([this.#supervisor.ready(), late.promise]);
    } finally {
      cancel();
    }
  }
}
