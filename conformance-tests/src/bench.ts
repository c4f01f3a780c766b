import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import {
  type Adapter,
  type Bus,
  connect,
  type ConnectOptions,
  type IdempotencyStore,
  type InboxHandle,
  jitteredBackoff,
  type Manifest,
  memoryStore,
  type Queue,
  systemClock,
  type Topic,
  type Transport,
} from "@waybill/core";
import type { Broker, FaultProxy } from "@waybill/testing";
import type { Controls } from "./controls.ts";
import { type Item, queueOf, topicOf } from "./item.ts";
import { CrashMember } from "./members/crash-member.ts";
import type { Hear, Member, MemberSpec } from "./members/member.ts";
import { ProcessMember } from "./members/process-member.ts";
import type { Setup } from "./setup.ts";
import { Traffic } from "./traffic.ts";
import { wrap } from "./wrap.ts";

/** What a bus of a case may have of its own. */
export interface BenchConnect extends ConnectOptions {
  /** Stands between core and the adapter: a fault of the broker's, played. */
  readonly shim?: ((adapter: Adapter) => Adapter) | undefined;
  /** Default the case's. */
  readonly url?: string | undefined;
}

interface Layout {
  /** ms; topics only. */
  readonly retain?: number | undefined;
  readonly keyed?: true | undefined;
  readonly ordered?: true | undefined;
  readonly name?: string | undefined;
}

type Cleanup = () => unknown;

/** How long it has to be quiet where a carrier cannot tell that nothing is in flight or delayed, ms. */
const quietMs = 300;

/** Everything one case works with: fresh names, connections, members, and waiting with a bound. Closed after the case, always. */
export class Bench {
  /** What the adapter gives the ground of the case. */
  readonly manifest: Manifest;
  readonly controls: Controls;
  readonly namespace: string;
  /** The most ms a condition may take that no limit of the manifest bounds. */
  readonly boundMs: number;
  /** Of this case alone, so all its connections meet. */
  readonly url: string;
  readonly #setup: Setup;
  /** The transports of the adapter itself, below mutants and shims, which `crash` knows. */
  readonly #bare = new WeakMap<Bus, Transport>();
  readonly #traffic = new Traffic();
  readonly #cleanups: Cleanup[] = [];
  /** Members may die, links and brokers fail: what they held may stay away for a lease, and nobody here sees it. */
  #isFaulty = false;
  #names = 0;

  constructor(setup: Setup, manifest: Manifest) {
    this.#setup = setup;
    this.manifest = manifest;
    this.controls = setup.controls;
    this.boundMs = setup.boundMs;
    this.namespace = `case-${randomBytes(6).toString("hex")}`;
    this.url = String(setup.url());
  }

  /** A name nobody else uses. */
  name(prefix: string): string {
    this.#names += 1;
    return `${prefix}-${this.#names}-${randomBytes(4).toString("hex")}`;
  }

  /** A fresh topic of items. */
  topic({ name = this.name("topic"), keyed, ordered, retain }: Layout = {}): Topic<Item> {
    return topicOf({
      kind: "topic",
      name,
      keyed: keyed === true || ordered === true,
      ordered: ordered === true,
      retain,
    });
  }

  /** A fresh queue of items. */
  queue({ name = this.name("queue"), keyed, ordered }: Layout = {}): Queue<Item> {
    return queueOf({ kind: "queue", name, keyed: keyed === true || ordered === true, ordered: ordered === true });
  }

  /** A bus through the adapter under test. */
  async connect({ shim = (adapter) => adapter, url = this.url, ...overrides }: BenchConnect = {}): Promise<Bus> {
    let bare: Transport | undefined;
    const bottom = wrap(this.#setup.adapter, (transport) => {
      bare = transport;
      return this.#traffic.hooksOf(transport);
    });
    const adapter = shim(this.#setup.mutate(bottom));
    const bus = await connect(url, {
      namespace: this.namespace,
      options: this.#setup.options,
      publishTimeout: 10_000,
      ...overrides,
      adapters: [adapter],
    });
    if (bare !== undefined) this.#bare.set(bus, bare);
    this.defer(() => bus.close({ grace: 0 }));
    return bus;
  }

  /** A store of claims and records for the members in this process. */
  store(): IdempotencyStore {
    const store = memoryStore();
    return this.#setup.mutateStore?.(store) ?? store;
  }

  /** A transport of the adapter, for what only shows at the seam. */
  async transport(): Promise<Transport> {
    const transport = await this.#setup.mutate(this.#setup.adapter).connect(new URL(this.url), {
      namespace: this.namespace,
      topology: "create",
      options: this.#setup.options,
      clock: systemClock,
      random: Math.random,
      backoff: jitteredBackoff(Math.random),
      report: () => undefined,
    });
    this.defer(() => transport.close());
    return transport;
  }

  /** Another member of a group, in a process of its own where the controls allow it. Resolves once it takes messages. */
  async member(spec: MemberSpec, hear?: Hear): Promise<Member> {
    const { processes } = this.controls;
    this.#isFaulty = true;
    const told: Hear = (event) => {
      this.#traffic.touch();
      hear?.(event);
    };
    const member =
      processes === undefined
        ? await CrashMember.start(this, { spec, hear: told })
        : await ProcessMember.start(
            {
              ...spec,
              url: spec.url ?? this.url,
              namespace: this.namespace,
              options: this.#setup.options,
              module: processes.module,
              mutant: this.#setup.mutant,
            },
            told,
          );
    this.defer(() => member.dispose());
    return member;
  }

  /** A link to the case's broker that fails when it is told to; `link.url(bench.url)` is the way through it. */
  async link(to: string = this.url): Promise<FaultProxy> {
    const { link } = this.controls;
    assert(link !== undefined, "the controls have no link");
    this.#isFaulty = true;
    const made = await link(to);
    this.defer(() => made[Symbol.asyncDispose]());
    return made;
  }

  /** A broker that nobody else uses. */
  async broker(): Promise<Broker> {
    const { broker } = this.controls;
    assert(broker !== undefined, "the controls have no broker");
    this.#isFaulty = true;
    const made = await broker();
    this.defer(() => made.stop());
    return made;
  }

  /** As SIGKILL, SIGSTOP or SIGCONT would to the bus of a member in this process. */
  afflict(bus: Bus, what: "crash" | "freeze" | "thaw"): void {
    const transport = this.#bare.get(bus);
    const control = this.controls[what];
    assert(transport !== undefined && control !== undefined, `the controls cannot ${what}`);
    control(transport);
  }

  /** The same promise, whose rejection is no crash if the case fails before it awaits it. */
  later<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined);
    return work;
  }

  /** Runs after the case, the latest first. */
  defer(cleanup: Cleanup): void {
    this.#cleanups.push(cleanup);
  }

  /** What `look` gives once `until` holds for it; fails after `boundMs`, telling what was seen last. */
  async eventually<T>(
    what: string,
    look: () => T | Promise<T>,
    until: (seen: T) => boolean,
    boundMs: number = this.boundMs,
  ): Promise<T> {
    const deadline = performance.now() + boundMs;
    for (let pause = 1; ; pause = Math.min(pause * 2, 20)) {
      const late = performance.now() > deadline;
      const seen = await look();
      if (until(seen)) return seen;
      if (late) assert.fail(`not within ${boundMs} ms: ${what}; seen last: ${inspect(seen, { maxArrayLength: 20 })}`);
      await new Promise((resolve) => void setTimeout(resolve, pause));
    }
  }

  /** Waits for a time (epoch ms), however far that is; gives the time it is then. */
  past(what: string, at: number): Promise<number> {
    const now = (): number => Date.now();
    return this.eventually(what, now, (is) => is > at, at - now() + this.boundMs);
  }

  /** What it resolves to; fails if that takes longer than the bound. */
  async within<T>(what: string, work: Promise<T>, boundMs: number = this.boundMs): Promise<T> {
    let over = false;
    const ended = (): void => void (over = true);
    work.then(ended, ended);
    await this.eventually(
      what,
      () => over,
      (is) => is,
      boundMs,
    );
    return work;
  }

  /** The most ms until what a dead member held is someone else's. */
  get leaseBoundMs(): number {
    return this.manifest.leaseMs * 3 + this.boundMs;
  }

  /**
   * Waits until nothing is ready, in flight or delayed in the inbox: what has not come by then never will. Where the carrier cannot
   * tell all of that, nothing must have moved for a while either.
   */
  async drained(inbox: InboxHandle, boundMs: number = this.leaseBoundMs): Promise<void> {
    await this.eventually(
      `the inbox of ${inbox.group} is empty`,
      () => inbox.stats(),
      ({ ready, inFlight, delayed }) => {
        const isSure = ready !== undefined && inFlight !== undefined && delayed !== undefined;
        return (ready ?? 0) + (inFlight ?? 0) + (delayed ?? 0) === 0 && (isSure || this.#isQuiet);
      },
      boundMs,
    );
  }

  /** How long nothing has moved that a case can see, ms. */
  get stillFor(): number {
    return this.#traffic.stillFor;
  }

  get #isQuiet(): boolean {
    return this.stillFor > (this.#isFaulty ? Math.max(this.manifest.leaseMs * 1.5, quietMs) : quietMs);
  }

  /** Closes all that the case has opened. Each part gets a bound, and none keeps the others from being closed. */
  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) {
      await atMost(this.#setup.closeMs, (async () => cleanup())());
    }
  }
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work.catch(() => undefined), bound]);
  clearTimeout(timer);
}
