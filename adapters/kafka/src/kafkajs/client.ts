import type { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { WaybillError } from "@waybill/core";

/*
 * What is used of kafkajs: its connections and its requests, without its producer, consumer and admin, whose own retries lose messages.
 * No types of its own tell of them; it is not developed any more, so they stay.
 */

/** A request of one version, and what reads its answer. */
export interface ClientRequest {
  readonly request: object;
  readonly response: {
    readonly decode: (raw: Buffer) => Promise<object>;
    readonly parse: (decoded: object) => Promise<object>;
  };
  readonly requestTimeout?: number;
}

/** A request that is written already. */
interface QueuedRequest {
  readonly entry: {
    readonly apiKey: number;
    readonly apiName: string;
    readonly apiVersion: number;
    readonly correlationId: number;
    readonly resolve: (answer: { readonly payload: Buffer }) => void;
    readonly reject: (error: Error) => void;
  };
  readonly expectResponse: boolean;
  readonly requestTimeout: null;
  readonly sendRequest: () => void;
}

/** The versions that the client knows of a request. */
interface Definition {
  readonly versions: readonly string[];
  readonly protocol: (of: { readonly version: number }) => (what: object) => ClientRequest;
}

export interface ClientConnection {
  readonly host: string;
  readonly port: number;
  readonly socket: Socket | undefined;
  /** For how long a login holds, ms; 0 for ever. */
  sessionLifetime: { toString(): string };
  readonly clientId: string;
  readonly requestQueue: {
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests: () => void;
    push(request: QueuedRequest): void;
  };
  nextCorrelationId(): number;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  authenticate(): Promise<void>;
  isConnected(): boolean;
  setVersions(versions: Versions): void;
  setSupportAuthenticationProtocol(isSupported: boolean): void;
  rejectRequests(error: Error): void;
  send(request: ClientRequest): Promise<object>;
}

/** What a broker knows, by the key of each request. */
export type Versions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>;

interface Coded<Written, Read> {
  encode(what: Written): Buffer;
  decode(bytes: Buffer): Read | null;
}

/** The parts of the client. */
export interface Client {
  readonly Connection: new (options: object) => ClientConnection;
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
    requests,
    apiKeys: part("protocol/requests/apiKeys") as Client["apiKeys"],
    errorCodes,
    socketFactory: part("network/socketFactory") as Client["socketFactory"],
    MemberMetadata,
    MemberAssignment,
  };
}
