import {
  type Adapter,
  type AdapterContext,
  type Address,
  type Depth,
  type Flow,
  type Inbox,
  type Manifest,
  noteBytes,
  type Place,
  type Receiver,
  type SendOptions,
  type SendResult,
  type Sink,
  Supervisor,
  toWaybillError,
  type Transport,
  type Visit,
  WaybillError,
  type WireMessage,
} from "@waybill/core";
import { fromPlain } from "./errors.ts";
import { type Heard, Link } from "./link.ts";
import type { Verdicts, WorkerData } from "./protocol.ts";
import { SqliteReceiver } from "./receiver.ts";
import { Tenure } from "./tenure.ts";
import { settingsOf } from "./url.ts";
import { pack, unpackRows } from "./wire.ts";

/** `sqlite:` keeps everything in one file that any number of processes of one machine share. */
export const sqlite: Adapter = {
  name: "sqlite",
  schemes: ["sqlite:"],
  async connect(url, context) {
    const { namespace, topology, options } = context;
    const transport = new SqliteTransport({ ...settingsOf(url, options), namespace, topology }, context);
    await transport.open();
    return transport;
  },
};

class SqliteTransport implements Transport {
  readonly outbound: Transport["outbound"] = { depth: 4, maxBatch: 300 };
  readonly #context: AdapterContext;
  readonly #manifest: Manifest;
  readonly #receivers = new Map<number, SqliteReceiver>();
  readonly #supervisor: Supervisor<Link>;
  readonly #tenure: Tenure;
  #next = 1;

  constructor(data: WorkerData, context: AdapterContext) {
    this.#context = context;
    this.#manifest = manifestOf(data.leaseMs);
    this.#tenure = new Tenure({
      clock: context.clock,
      lose: () => {
        for (const receiver of this.#receivers.values()) receiver.lapse();
      },
      lapse: async () => await (await this.#supervisor.ready()).ask("lapse", undefined),
    });
    this.#supervisor = new Supervisor<Link>({
      open: async (generation) => {
        this.#tenure.end();
        const link = await Link.open(data, {
          heard: (message) => this.#heard(message),
          died: (error) => this.#died(generation, error),
        });
        for (const receiver of this.#receivers.values()) await this.#resume(receiver, link);
        return link;
      },
      end: (link) => link.close(),
      clock: context.clock,
      backoff: context.backoff,
      report: (kind, error) => context.report(kind, undefined, error),
    });
  }

  async open(): Promise<void> {
    await this.#supervisor.start();
  }

  supports(): Manifest {
    return this.#manifest;
  }

  async declare(places: readonly Place[]): Promise<void> {
    await (await this.#supervisor.ready()).ask("declare", places);
  }

  async remove(place: Place): Promise<void> {
    await (await this.#supervisor.ready()).ask("remove", place);
  }

  async send(to: Address, messages: readonly WireMessage[], { deadline }: SendOptions): Promise<readonly SendResult[]> {
    const link = this.#supervisor.connection;
    if (link === undefined) {
      const code = this.#supervisor.state === "closed" ? "CLOSED" : "UNAVAILABLE";
      const error = new WaybillError(code, "the database is not open");
      return messages.map(() => ({ outcome: "refused", error }));
    }
    const packed = pack(messages);
    try {
      await this.#by(deadline, link.ask("send", { to, messages: packed }, [packed.bodies.buffer]));
      return messages.map(() => "stored");
    } catch (thrown) {
      const error = toWaybillError(thrown, "UNAVAILABLE");
      // A worker that died or is late may have committed; one that answers has rolled back.
      const isCertain = this.#supervisor.connection === link && error.code !== "TIMEOUT";
      const outcome = isCertain ? "refused" : "unknown";
      return messages.map(() => ({ outcome, error }));
    }
  }

  async receive(from: Inbox, flow: Flow, sink: Sink): Promise<Receiver> {
    const link = await this.#supervisor.ready();
    const number = this.#next++;
    const receiver = new SqliteReceiver({
      number,
      inbox: from,
      flow,
      sink,
      link: () => this.#supervisor.connection,
      now: () => this.#context.clock.now(),
      closed: () => this.#receivers.delete(number),
    });
    this.#receivers.set(number, receiver);
    try {
      await receiver.attach(link, false);
    } catch (error) {
      this.#receivers.delete(number);
      throw error;
    }
    return receiver;
  }

  async depth(inbox: Inbox): Promise<Depth> {
    return await (await this.#supervisor.ready()).ask("depth", inbox);
  }

  async walk(inbox: Inbox, visit: Visit, signal: AbortSignal): Promise<void> {
    const link = await this.#supervisor.ready();
    let after = 0;
    let upTo: number | undefined;
    while (!signal.aborted) {
      const page = await link.ask("letters", { inbox, after, upTo });
      upTo = page.upTo;
      const { seqs } = page.rows;
      const verdicts: { seq: number; verdict: "discard" | "redrive" }[] = [];
      let isOver = seqs.length === 0;
      try {
        for (const [index, letter] of unpackRows(page.rows).entries()) {
          if (signal.aborted) return;
          const verdict = await visit(letter);
          isOver = verdict === "stop";
          if (isOver) break;
          if (verdict !== "keep" && verdict !== "stop") verdicts.push({ seq: seqs[index] ?? 0, verdict });
        }
      } finally {
        await this.#judge(link, inbox, verdicts);
      }
      if (isOver) return;
      after = seqs.at(-1) ?? after;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#receivers.values()].map((receiver) => receiver.close()));
    await this.#supervisor.close();
    this.#tenure.end();
  }

  /** Rejects with `TIMEOUT` at the deadline, while somebody keeps the file locked. */
  async #by(deadline: number, answer: Promise<unknown>): Promise<void> {
    const { clock } = this.#context;
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(deadline - clock.now(), () =>
      late.reject(new WaybillError("TIMEOUT", "the database has not answered by the deadline; it may be locked")),
    );
    try {
      await Promise.race([answer, late.promise]);
    } finally {
      cancel();
    }
  }

  /** Makes a receiver known to a worker that took over. If its inbox is gone, it alone ends, not the connection. */
  async #resume(receiver: SqliteReceiver, link: Link): Promise<void> {
    try {
      const isNew = await receiver.attach(link, true);
      if (isNew) this.#context.report("position-lost", receiver.inbox);
    } catch (error) {
      if (!(error instanceof WaybillError) || (error.code !== "MISSING" && error.code !== "NO_ROUTE")) throw error;
      receiver.abandon();
    }
  }

  async #judge(link: Link, inbox: Inbox, verdicts: Verdicts): Promise<void> {
    if (verdicts.length > 0) await link.ask("judge", { inbox, verdicts });
  }

  #heard(message: Heard): void {
    const receiver = "receiver" in message ? this.#receivers.get(message.receiver) : undefined;
    switch (message.kind) {
      case "deliver":
        if (receiver?.isOnce === true || this.#tenure.isOurs()) receiver?.deliver(message.rows);
        return;
      case "leased":
        return this.#tenure.extend(message.until);
      case "lost":
        return receiver?.lose(message.seqs, "it was not renewed in time");
      case "gone":
        return receiver?.abandon();
      case "missed":
        return this.#context.report("position-lost", receiver?.inbox);
      case "swept":
        return this.#context.report("swept");
      case "trouble":
        return this.#context.report("client-error", undefined, fromPlain(message.error));
    }
  }

  #died(generation: number, error: WaybillError): void {
    for (const receiver of this.#receivers.values()) receiver.lose(undefined, "the database thread died");
    this.#supervisor.lost(generation, error);
  }
}

function manifestOf(leaseMs: number): Manifest {
  return {
    maxBytes: 16 * 2 ** 20,
    maxHeaderBytes: 64 * 2 ** 10 - noteBytes,
    maxDelay: Infinity,
    maxHold: Infinity,
    leaseMs,
    handoverMs: Infinity,
    retentionMs: Infinity,
    dedupeMs: 0,
    wiringMs: 0,
    sweepMs: 2 * leaseMs,
    hideMs: 0,
    order: "key",
    attempts: "stored",
    move: "atomic",
    settle: "confirmed",
    durability: "disk",
    depth: "exact",
    can: new Set(["topics", "patterns", "replay", "once", "rpc"]),
  };
}
