/** The kinds of server that `startBroker` can give. `sqs` is an emulator of it. */
export type BrokerKind = "redis" | "rabbitmq" | "kafka" | "sqs";

/** Where a broker comes from: a URL in the environment, a container, or a process of this machine. */
export type BrokerSource = "url" | "docker" | "native";

/** A real server for a test. A private one dies with the process that started it, however that ends. */
export interface Broker extends AsyncDisposable {
  readonly kind: BrokerKind;
  /** What `connect` of Waybill takes, on 127.0.0.1 if the server is private. It stays the same for the broker's life. */
  readonly url: string;
  /** The server's version where it tells it, such as `"7.0.15"`. */
  readonly version: string | undefined;
  readonly source: BrokerSource;
  /** Whether the server is private: one from a URL belongs to others, and all of the controls but `stop` reject. */
  readonly isPrivate: boolean;
  /** Ends the server as a crash would, by SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Lets the server stand still, its connections open: SIGSTOP, or `docker pause`. */
  pause(): Promise<void>;
  /** Lets a paused server go on. */
  resume(): Promise<void>;
  /**
   * Starts the server again with the same port and data, also after `kill`; one that runs is ended in good order before.
   * Resolves when it answers.
   */
  restart(): Promise<void>;
  /**
   * Runs the server's own tool of administration (`rabbitmqctl`) with these arguments and resolves to what it prints. Rejects with
   * what the tool says when it fails, and for a kind of server that has none.
   */
  administer(...args: readonly string[]): Promise<string>;
  /** Ends a private server and removes its data; repeatable. Leaves one from a URL alone. */
  stop(): Promise<void>;
}

/** Options of every kind of broker. */
export interface BrokerOptions {
  /** Where to look, in this order. Default: `WAYBILL_TEST_SOURCES` (`"docker,native"`), else url, docker, native. */
  readonly sources?: readonly BrokerSource[] | undefined;
  /** The image of the container. Default: `WAYBILL_TEST_REDIS_IMAGE` (or `_RABBITMQ_`, …), else the official one. */
  readonly image?: string | undefined;
  /** The port on 127.0.0.1. Default: a free one. A URL from the environment is passed over. */
  readonly port?: number | undefined;
}
