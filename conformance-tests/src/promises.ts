/** One promise of the contract. */
export interface ContractPromise {
  /** Used in code, waivers, docs and issues: `DLQ-5`. */
  readonly id: string;
  readonly family: string;
  readonly text: string;
}

/** The contract as data: what an adapter promises. A limit such as `maxHold` is the manifest's. */
export const promises: readonly ContractPromise[] = [
  ...family("Publishing", {
    "PUB-1": "`publish` resolves only after the broker has confirmed it durably, by the broker's own definition",
    "PUB-2":
      "an unknown outcome is retried with the same id until the deadline, then rejects `OUTCOME_UNKNOWN`, which a later refusal does not change; a message reported as not stored is never delivered",
    "PUB-3":
      "`publishMany` gives a result for each message; a partial failure of the broker's batch names exactly the ones that failed",
    "PUB-4":
      "body bytes (empty, binary, not UTF-8), and header names and values (unicode, empty, quotes, newlines, long) come back exactly",
    "PUB-5":
      "a message over `maxBytes` or `maxHeaderBytes` is refused with `TOO_LARGE` before anything is sent, and the rest of its batch is unharmed",
    "PUB-6": "publishing after `close` rejects with `CLOSED`; a publish under way when `close` is called settles",
    "PUB-7": "a message sent to a queue before any worker ever ran is kept for the first one",
    "PUB-8":
      "the first occurrences of one key's messages from one producer are stored in the order they were published, also around a reconnect",
    "PUB-9":
      "publishing faster than the broker takes is slowed down, with memory bounded in bytes; beyond that bound it is refused with `BUSY`; nothing is dropped",
    "PUB-10":
      "data that does not match the topic's schema is refused with `INVALID_DATA` naming the path, and nothing is sent",
    "PUB-11": "every publish settles by its deadline or its signal; it never hangs",
  }),
  ...family("Subscribing", {
    "SUB-1": "after `subscribe` resolves, every message confirmed later is delivered to the group",
    "SUB-2": "within a group each message goes to one member; every group gets each message",
    "SUB-3":
      "topics, groups and namespaces are isolated, also when their names look alike once a broker has encoded them",
    "SUB-4":
      "`order.*` matches one segment and `#` any number, for topics created before the subscription and after it, these within `wiringMs` and from their first message",
    "SUB-5": "never more than `concurrency` handlers at once, and that many when there is work",
    "SUB-6": "a group's backlog waits while no member runs",
    "SUB-7":
      "a subscription without a group gets its own copy of what comes while it lives, also over a reconnect, and leaves nothing behind: at once on close, within `sweepMs` after a kill",
    "SUB-8":
      'with `from: "beginning" | Date` a new group starts there, where the manifest claims replay; an existing one only by `seek`',
    "SUB-9": "one slow handler stops neither the others nor the polling",
    "SUB-10": "`pause` stops deliveries, `resume` goes on; nothing is lost between",
    "SUB-11":
      "a batch subscription gets up to `size` messages (of an ordered topic one of a key) or what came within `wait`; one failing message fails alone",
    "SUB-12": "members share the work, ordered inboxes too; a joining member gets its share within a bound",
    "SUB-13": "a planned join or leave redelivers nothing whose handler ends within `handoverMs`",
    "SUB-14": "what a consumer holds is bounded in bytes, not only in count",
  }),
  ...family("Settling", {
    "ACK-1":
      "a message whose handler succeeded and whose settlement was confirmed (or, where it is only `written`, whose consumer closed in peace) is not delivered to that group again",
    "ACK-2": "a member that dies in its handler loses no message: another gets it within the lease time",
    "ACK-3": "a handler longer than the lease keeps its message as long as it runs, up to `maxHold`",
    "ACK-4":
      "when the lease is lost the handler's signal aborts, and its late settlement removes nothing; where `move` is `copy` it may leave one duplicate",
    "ACK-5": "a handler that throws, rejects or times out counts as one failed attempt",
    "ACK-6": "`at-most-once` delivers once or never, where the manifest claims it",
    "EFF-1":
      "what a handler sends through its message leaves only if the handler succeeds; in one step with its ack where `move` is `atomic`",
  }),
  ...family("Retry and dead letters", {
    "RTY-1":
      "a failing message has at most `maxAttempts` failures, numbered 1 to n, across members and restarts, plus one handling per interruption; across crashes too where `attempts` is `stored`",
    "RTY-2": "no retry comes before its delay; the lateness is bounded and reported",
    "RTY-3": "only the failing group sees the retry",
    "RTY-4": "others are not held up by a message that waits for its retry",
    "RTY-5": "id, key, headers, timestamp, correlation and body are the same on every attempt",
    "RTY-6": "an error the policy calls permanent goes straight to the dead letters",
    "DLQ-1":
      "after the last attempt the message is among the group's dead letters once, unchanged, with the error, the attempts, the times and where it came from",
    "DLQ-2":
      "if it cannot be written there it is not settled, nothing is lost, and health says so; a message of exactly `maxBytes` fits with its note",
    "DLQ-3":
      "bytes that do not decode, data that does not match, a type or version nobody knows: dead-lettered with the raw bytes, the consumer goes on",
    "DLQ-4": "a message that kills its process ends there too, and its innocent neighbours do not",
    "DLQ-5":
      "list and read take nothing away, however often (a listed letter may hide for `hideMs`); discard removes exactly what was named",
    "DLQ-6":
      "redrive gives it back to that group alone, attempts fresh, its history kept, also at once after it was published; interrupted, it loses nothing",
  }),
  ...family("Order, delay, priority", {
    "ORD-1":
      "on an ordered topic, messages of one key are handled one after the other in publish order, with concurrency above 1",
    "ORD-2":
      "so also while members join, leave and die; a planned hand-over has no overlap for handlers under `handoverMs`",
    "ORD-3": "a failing message holds up its own key only, and the order is kept through its retries",
    "DLY-1":
      "a delayed message is never early; its lateness is bounded and reported; groups that exist both when it was confirmed and when it is due get it",
    "DLY-2": "a delay beyond the broker's own limit works, and survives a restart of every process",
    "DLY-3":
      "a cron schedule run by many instances misses no tick and sends each once; a leader's crash may repeat one under its id",
    "PRI-1": "among messages not yet delivered to a member, a higher priority is delivered first",
    "TTL-1": "an expired message is not handled",
    "RET-1": "nothing is dropped before the stated retention; a group that comes near it is reported",
  }),
  ...family("Effects once, request and reply", {
    "IDM-1":
      "of duplicates of one id in a group, one handler runs at a time and none after a recorded success; exactly one effect where the record commits in the user's own transaction",
    "IDM-2": "a failed handler gives its claim back; a crashed one loses it after the claim's lease",
    "IDM-3":
      "the outbox publishes everything its transaction committed and nothing that was rolled back, by key in commit order, through crashes of the relay",
    "RPC-1":
      "a request gets its own reply, many at a time; a remote error arrives as an error; without a reply it rejects `TIMEOUT`; a reply to an address that is gone is dropped and reported",
    "VER-1": "an older version is upcast; a newer one than known follows a stated policy, never the bin",
  }),
  ...family("Life, faults, honesty", {
    "LIF-1":
      "`close` takes no more, lets handlers finish within the grace period, gives back what was not started, flushes what was published, then closes",
    "LIF-2": "`close` is safe to repeat and leaves no timer, socket or consumer behind",
    "LIF-3":
      "`health` reports progress, not only a connection: a consumer that gets nothing while depth grows is unhealthy, a rightly idle one is not",
    "LIF-4":
      "`stats` agrees with what is there: ready, in flight, delayed, dead; what the broker cannot tell is undefined, not 0",
    "LIF-5":
      'with `topology: "verify"` nothing is created; what is missing or differs is named, as far as the protocol can show it',
    "LIF-6": "credentials appear in no error, log, header or metric",
    "GRP-1": "a group, queue or topic can be removed; nothing of it accumulates afterwards",
    "LAY-1":
      "a definition that differs from what exists is refused, naming each difference; tuning a policy recreates nothing",
    "LAY-2": "an upgrade of Waybill or of the broker strands no message; old and new members share an inbox",
    "FLT-1":
      "connection cut, broker restarted, reply lost after the write, link black-holed: producer and consumers resume by themselves, nothing is lost",
    "FLT-2":
      "members killed (SIGKILL) and paused past their lease (SIGSTOP) at random under load: nothing is lost, no zombie settles",
    "FLT-3":
      "bad input from the wire (truncated JSON, a gigabyte claimed, deep nesting, wrong types, hostile keys) never crashes or blocks a consumer",
    "INT-1":
      "messages of other producers can be consumed through a decoder; ours are read by a plain CloudEvents reader",
    "OBS-1":
      "each terminal outcome is reported once, after it happened; a trace links publish, each attempt and the dead letter",
    "CAP-1": "the manifest is true, constant while connected, and matches the documentation",
  }),
];

function family(name: string, texts: Readonly<Record<string, string>>): readonly ContractPromise[] {
  return Object.entries(texts).map(([id, text]) => ({ id, family: name, text }));
}
