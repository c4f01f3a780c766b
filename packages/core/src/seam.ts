import type { Clock } from "./clock.ts";
import type { WaybillError } from "./errors.ts";

/*
 * The seam between meaning and mechanics. Core decides (schema, retry, dead letter, due times); an adapter moves bytes and
 * strings and knows no policy. Batches go both ways, so that an adapter pays per batch. Ids such as PUB-1 name promises of
 * the contract, which the conformance suite holds as data.
 */

/** Native string headers. Names and values are any strings and come back exactly (PUB-4). */
export type Headers = Readonly<Record<string, string>>;

/** A kind of broker, chosen by the scheme of a URL. */
export interface Adapter {
  readonly name: string;
  /** The schemes it serves, each with its colon: `["amqp:", "amqps:"]`. */
  readonly schemes: readonly string[];
  /**
   * Resolves once the broker has let us in. Rejects with `CONFIG` (a URL or option that cannot be used), `PERMISSION`,
   * `CORRUPT` or `UNAVAILABLE`; no message holds a credential (LIF-6).
   */
  connect(url: URL, context: AdapterContext): Promise<Transport>;
  /** What the broker's own administration has to allow us there, in its own words. Asks nobody, and throws `CONFIG`. */
  permissions?(url: URL, context: Pick<AdapterContext, "namespace" | "topology" | "options">): unknown;
}

export interface AdapterContext {
  /** Everything an adapter creates carries this prefix; two namespaces never meet (SUB-3). */
  readonly namespace: string;
  /** `"verify"`: nothing is created, what is missing or differs is named (LIF-5). */
  readonly topology: "create" | "verify";
  /** The adapter's own section of the configuration, unchecked. */
  readonly options: unknown;
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: Backoff;
  /** Tells core what an operator would ask about. Never throws. */
  report(kind: Report, inbox?: Inbox, error?: WaybillError): void;
}

/** A number in [0, 1). */
export type Random = () => number;

/** How many ms to wait before the n-th try (from 1), jittered. */
export type Backoff = (attempt: number) => number;

/**
 * `dropped`: a message ended unhandled and is kept nowhere, because it had expired (TTL-1) or is delivered at most once
 * (ACK-6), or its reply came to an address that is gone (RPC-1); `lost`: the connection; `throttled`: the broker slows us
 * down, or takes nothing for now; `restored`: the end of either; `position-lost`: a group's place is gone; `settle-failed`:
 * settlements are tried again; `tick-failed`: a tick of a schedule could not be published and is tried again (DLY-3); `swept`:
 * leftovers of a dead member were removed; `client-error`: the broker's client misbehaved and was replaced.
 */
export type Report =
  | "dropped"
  | "lost"
  | "restored"
  | "throttled"
  | "position-lost"
  | "settle-failed"
  | "tick-failed"
  | "swept"
  | "client-error";

/** One supervised connection to a broker. It outlives losses: after one, what was under way is sent again, in order. */
export interface Transport {
  /** What this broker, at this version, gives such a source. Pure, constant until `close` (CAP-1). */
  supports(shape: Shape): Manifest;
  /** How many batches core may have in flight with `send` for one source, and their largest size in messages. */
  readonly outbound: { readonly depth: number; readonly maxBatch: number };
  /**
   * Makes sure the places exist. Repeatable and safe to run by many at once. Once it resolves for an inbox, every message
   * confirmed later reaches it (SUB-1). Throws `MISSING` (verify) and `TOPOLOGY_MISMATCH` naming each difference (LAY-1).
   */
  declare(places: readonly Place[]): Promise<void>;
  /** Removes a place with all its lanes (GRP-1). Removing what is not there is no error. */
  remove(place: Place): Promise<void>;
  /**
   * Stores messages, in the order given as far as one key is concerned (PUB-8). One result each, in order. Never rejects
   * for a message's sake, and settles by `options.deadline`. Sending to a source stores one copy for each of its inboxes.
   */
  send(to: Address, messages: readonly WireMessage[], options: SendOptions): Promise<readonly SendResult[]>;
  /** Starts to deliver what is ready in an inbox that was declared. */
  receive(from: Inbox, flow: Flow, sink: Sink): Promise<Receiver>;
  /** How much is where. What the broker cannot tell is undefined, not 0 (LIF-4). */
  depth(inbox: Inbox): Promise<Depth>;
  /**
   * Shows each dead letter once, oldest first, and does what `visit` answers; `keep` takes nothing away (DLQ-5), a redrive
   * goes back to this inbox alone with `failures` 0 (DLQ-6). The letters that are there when it starts are shown, until
   * `stop` or the signal ends it; what was decided before stays decided.
   */
  walk(inbox: Inbox, visit: Visit, signal: AbortSignal): Promise<void>;
  /** Ends the connection. Receivers are closed before by their owner. Safe to repeat. */
  close(): Promise<void>;
}

/** What a definition asks of a broker. Layout follows from this and the name alone (LAY-1). */
export interface Shape {
  /** `pattern`: what a group takes from every topic whose name fits; nothing is sent to it (SUB-4). */
  readonly kind: "topic" | "queue" | "pattern";
  readonly ordered: boolean;
  /** The number of priority levels; 1 means none. */
  readonly priorities: number;
  /** How long a topic keeps what every group has settled, for replay; 0 means not at all. */
  readonly retainMs: number;
}

/**
 * One group's copy of a topic, of a pattern of topics, or a queue (whose one group has the queue's own name), with its lanes.
 * A pattern's inbox gets a copy of what is sent to each topic (never queue) of the namespace that `fits`, be it there before
 * or after the inbox, from the topic's first message on. Each `Delivery.source` says which topic it came from.
 */
export interface Inbox {
  /** The name of the topic or queue, or the pattern. */
  readonly source: string;
  readonly shape: Shape;
  readonly group: string;
  /** Whether messages of one key are handled one after the other; false where the group does without its topic's order. */
  readonly ordered: boolean;
  /** Gone with its receiver: at once on close, within `sweepMs` after a kill (SUB-7). */
  readonly ephemeral: boolean;
}

export type Source = { readonly kind: "source"; readonly name: string; readonly shape: Shape };

/** Where a new inbox begins, an epoch ms among the answers; `reset` moves an existing one (SUB-8). */
export type Start = { readonly from: "now" | "beginning" | number; readonly reset: boolean };

export type Place = Source | { readonly kind: "inbox"; readonly inbox: Inbox; readonly start: Start };

/** Where a message goes: a topic or queue, one inbox alone, or the receiver that has given out a reply address. */
export type Address =
  | Source
  | { readonly kind: "inbox"; readonly inbox: Inbox }
  | { readonly kind: "reply"; readonly to: string };

export interface WireMessage {
  readonly id: string;
  /** The id at first, a new value for each move, for brokers that drop what repeats it. */
  readonly dedupe: string;
  /** The name of the topic or queue it was published to. */
  readonly source: string;
  readonly key: string | undefined;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Not to be delivered before this epoch ms (DLY-1). */
  readonly deliverAt: number | undefined;
  /** 0 is the lowest. */
  readonly priority: number;
}

export type SendOptions = {
  /** Epoch ms by which `send` has settled, the outcome `unknown` if need be. */
  readonly deadline: number;
  /** The user's own database transaction, where the manifest can `joinTx`. */
  readonly tx?: unknown;
};

/**
 * `refused`: not stored, and never will be by this call. `unknown`: it may have been stored; core sends it again with the
 * same id. A refusal whose error is `transient` is tried again as well.
 */
export type SendResult = "stored" | { readonly outcome: "refused" | "unknown"; readonly error: WaybillError };

/**
 * How much a receiver may have delivered and not been asked to settle: messages and bytes of body. A single message larger
 * than `bytes` is delivered alone. `settle: "first"` settles before it delivers (ACK-6).
 */
export type Flow = { readonly window: number; readonly bytes: number; readonly settle: "after" | "first" };

/** One message in one member's hands. The object itself is the handle: it is given back to `settle` as it came. */
export interface Delivery extends WireMessage {
  /** Failed attempts recorded by us, exact (RTY-1). */
  readonly failures: number;
  /** How often it was delivered, this time included; also counts crashes and what was only prefetched, never releases and retries without a failure. */
  readonly deliveries: number | undefined;
  /** Why the adapter could not read it; `body` is then the raw bytes (DLQ-3). */
  readonly malformed: string | undefined;
}

/** Core's side of a receiver. Neither call throws, neither blocks. */
export interface Sink {
  /** In an ordered inbox one of a key at a time, in order, also over members (ORD-1, ORD-2). */
  deliver(batch: readonly Delivery[]): void;
  /** The lease is gone: others may have them now (ACK-4). Not called for what was handed to `settle`. */
  lost(batch: readonly Delivery[], cause: WaybillError): void;
}

/**
 * What core decided after the handler. `ack` with `sends`: they are stored first, or in one step with the ack (EFF-1); a reply
 * whose address is gone is left out. `retry`: this group alone gets it again, not before `delayMs`; `failed` says whether it
 * counts: in `failures`, and in `deliveries`; in an ordered inbox its key waits for it (ORD-3). `dead`: among the dead letters,
 * once (DLQ-1). The `note` is merged over the headers.
 * `release`: given back at once, not counted in `failures` nor in `deliveries`.
 */
export type Settlement = { readonly delivery: Delivery } & (
  | { readonly outcome: "ack"; readonly sends: readonly (readonly [Address, WireMessage])[] }
  | { readonly outcome: "retry"; readonly delayMs: number; readonly failed: boolean; readonly note: Headers }
  | { readonly outcome: "dead"; readonly note: Headers }
  | { readonly outcome: "release" }
);

/** `lost`: the lease was no longer ours, nothing was changed (ACK-4). An error: it is still ours, settle it again. */
export type SettleResult = "settled" | "lost" | WaybillError;

/** A running delivery from one inbox. It extends the leases of what it has delivered until settled (ACK-3). */
export interface Receiver {
  /** Where a reply to this receiver is sent. */
  readonly address: string;
  /** Resolves when it was closed; rejects when the adapter has given up for good. */
  readonly ended: Promise<void>;
  /** One result each, in order. Never rejects. The window is refilled when this is called, not when it is answered. */
  settle(batch: readonly Settlement[]): Promise<readonly SettleResult[]>;
  /**
   * Changes the flow. A window of 0 pauses: nothing more is delivered, leases are kept (SUB-10). Where that takes more than this
   * call, it resolves when the broker has done what was settled before and has back what was fetched ahead, so that our death
   * would count against none of it (DLQ-4). Never rejects.
   */
  resize(flow: Flow): void | Promise<void>;
  /** When the broker last answered a request for messages (epoch ms), and how many shards we hold (0: rightly idle). */
  pulse(): { readonly answeredAt: number; readonly shards: number | undefined };
  /** Resolves when nothing more will be delivered. What was delivered keeps its lease and can be settled. */
  stop(): Promise<void>;
  /** Stops, lets go of what was not settled, and of the inbox if it is ephemeral. Safe to repeat. */
  close(): Promise<void>;
}

export type Verdict = "keep" | "discard" | "redrive" | "stop";
export type Visit = (letter: Delivery) => Promise<Verdict>;

/** Numbers of messages, and when the oldest that is ready was published (epoch ms). */
export type Depth = Readonly<Record<"ready" | "inFlight" | "delayed" | "dead" | "oldestAt", number | undefined>>;

/**
 * Limits within which promises hold: 0 is none, `Infinity` unlimited, times in ms.
 * `maxBytes` of a body, room for a dead letter's note already taken off; `maxHeaderBytes` of all names and values; `maxDelay`
 * the longest native delay; `maxHold` the longest a lease can be extended; `leaseMs` how long a dead member's messages
 * stay away; `handoverMs` how long a planned hand-over waits for handlers; `retentionMs` how long an unread message is kept;
 * `dedupeMs` how long a repeated id is recognised at publish; `wiringMs` until a pattern meets a new topic; `sweepMs` until
 * leftovers of a killed member are gone; `hideMs` how long a listed dead letter may be invisible.
 */
export type Limit =
  | "maxBytes"
  | "maxHeaderBytes"
  | "maxDelay"
  | "maxHold"
  | "leaseMs"
  | "handoverMs"
  | "retentionMs"
  | "dedupeMs"
  | "wiringMs"
  | "sweepMs"
  | "hideMs";

export type Ability = "topics" | "patterns" | "replay" | "joinTx" | "once" | "rpc";

/** What a broker gives a shape, as data: core, the conformance suite, the documentation and the user read this one object. */
export type Manifest = Readonly<Record<Limit, number>> & {
  readonly order: "none" | "key";
  /** `stored`: `failures` survive any crash; `counted`: the broker's count stands in; `volatile`: a restart may forget. */
  readonly attempts: "stored" | "counted" | "volatile";
  /** Whether a message changes places in one step, or by a copy that a crash can leave twice. */
  readonly move: "atomic" | "copy";
  readonly settle: "confirmed" | "written";
  readonly durability: "none" | "process" | "disk" | "replicated";
  readonly depth: "exact" | "approximate";
  readonly can: ReadonlySet<Ability>;
};
