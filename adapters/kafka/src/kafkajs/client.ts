import type { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { WaybillError } from "@waybill/core";

/*
 * What is used of kafkajs: its connections and its requests, without its producer, consumer and admin, whose own retries lose messages.
 * No types of its own tell of them; it is not developed any more, so they stay.
 */

/** A request of one version, and what reads its answer. */
export interface Exchange {
  readonly request: object;
  readonly response: {
    readonly decode: (raw: Buffer) => Promise<object>;
    readonly parse: (decoded: object) => Promise<object>;
  };
  readonly requestTimeout?: number;
}

/** The versions that the client knows of a request. */
interface Definition {
  readonly versions: readonly string[];
  readonly protocol: (of: { readonly version: number }) => (what: object) => Exchange;
}

export interface ClientConnection {
  readonly host: string;
  readonly port: number;
  readonly socket: Socket | undefined;
  /** For how long a login holds, ms; 0 for ever. */
  sessionLifetime: { toString(): string };
  readonly requestQueue: { readonly pending: readonly unknown[]; scheduleCheckPendingRequests: () => void };
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  authenticate(): Promise<void>;
  isConnected(): boolean;
  setVersions(versions: Versions): void;
  setSupportAuthenticationProtocol(isSupported: boolean): void;
  rejectRequests(error: Error): void;
  send(exchange: Exchange): Promise<object>;
}

/** What a broker knows, by the key of each request. */
export type Versions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>;

export interface Reader {
  readInt8(): number;
  readInt16(): number;
  readInt32(): number;
  readInt64(): { toString(): string };
  readString(): string;
  readBytes(length?: number): Buffer;
  readArray<T>(read: (from: Reader) => T): readonly T[];
  readArrayAsync<T>(read: (from: Reader) => Promise<T>): Promise<readonly T[]>;
  canReadBytes(length: number): boolean;
}

export interface ReadRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | null | readonly (Buffer | null)[]>>;
}

export interface ReadBatch {
  readonly firstOffset: string;
  readonly lastOffsetDelta: number;
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly isControlBatch: boolean;
  readonly records: readonly ReadRecord[];
}

interface Coded<Written, Read> {
  encode(what: Written): Buffer;
  decode(bytes: Buffer): Read | null;
}

/** The parts of the client. */
export interface Client {
  readonly Connection: new (options: object) => ClientConnection;
  readonly Decoder: new (bytes: Buffer) => Reader;
  readonly readBatch: (from: Reader) => Promise<ReadBatch>;
  readonly requests: Readonly<Record<string, Definition>>;
  readonly apiKeys: Readonly<Record<string, number>>;
  readonly errorCodes: readonly { readonly type: string; readonly code: number }[];
  readonly socketFactory: () => unknown;
  readonly MemberMetadata: Coded<
    { readonly version: number; readonly topics: readonly string[]; readonly userData: Buffer },
    { readonly userData: Buffer | null }
  >;
  readonly MemberAssignment: Coded<
    {
      readonly version: number;
      readonly assignment: Readonly<Record<string, readonly number[]>>;
      readonly userData?: Buffer;
    },
    { readonly assignment: Readonly<Record<string, readonly number[]>>; readonly userData: Buffer | null }
  >;
}

/** @throws WaybillError `CONFIG` where it is not installed */
export function loadClient(): Client {
  const require = createRequire(import.meta.url);
  const part = (path: string): unknown => {
    try {
      return require(`kafkajs/src/${path}`) as unknown;
    } catch (cause) {
      throw new WaybillError("CONFIG", "kafka: driver=kafkajs needs the package kafkajs 2.2.4; install it", { cause });
    }
  };
  const { requests } = part("protocol/requests") as Pick<Client, "requests">;
  const { errorCodes } = part("protocol/error") as Pick<Client, "errorCodes">;
  const { MemberMetadata, MemberAssignment } = part("consumer/assignerProtocol") as Pick<
    Client,
    "MemberMetadata" | "MemberAssignment"
  >;
  return {
    Connection: part("network/connection") as Client["Connection"],
    Decoder: part("protocol/decoder") as Client["Decoder"],
    readBatch: part("protocol/recordBatch/v0/decoder") as Client["readBatch"],
    requests,
    apiKeys: part("protocol/requests/apiKeys") as Client["apiKeys"],
    errorCodes,
    socketFactory: part("network/socketFactory") as Client["socketFactory"],
    MemberMetadata,
    MemberAssignment,
  };
}
