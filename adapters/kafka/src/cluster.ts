import { type Clock, WaybillError } from "@waybill/core";
import { DriverError, type ClusterView, type PartitionView, type Session } from "./driver.ts";
import { coordinatorReasons, isAnswer, isUnreachable, toError } from "./errors.ts";

interface Known {
  readonly partitions: readonly PartitionView[];
  readonly at: number;
}

/** Who leads which partition and who keeps which group, as far as it was heard. */
export class Cluster {
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #maxAgeMs: number;
  readonly #topics = new Map<string, Known>();
  readonly #coordinators = new Map<string, number>();
  readonly #asking = new Map<string, Promise<readonly PartitionView[] | undefined>>();

  constructor(session: Session, clock: Clock, maxAgeMs: number) {
    this.#session = session;
    this.#clock = clock;
    this.#maxAgeMs = maxAgeMs;
  }

  /** The partitions of a topic; undefined where there is none. */
  async partitionsOf(topic: string): Promise<readonly PartitionView[] | undefined> {
    const known = this.#topics.get(topic);
    if (known !== undefined && known.at + this.#maxAgeMs > this.#clock.now()) return known.partitions;
    return this.#ask(topic);
  }

  /** The same, without asking. */
  knownOf(topic: string): readonly PartitionView[] | undefined {
    return this.#topics.get(topic)?.partitions;
  }

  /** Looks at these topics anew, or at all. */
  async refresh(topics: readonly string[] | undefined): Promise<ClusterView> {
    const view = await this.#session.view(topics);
    this.#learn(view, topics ?? [...this.#topics.keys()]);
    return view;
  }

  /** What was known of a topic is wrong. */
  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  /** Who leads a partition. @throws WaybillError `MISSING` for one that is not there, `UNAVAILABLE` while nobody leads it */
  async leaderOf(topic: string, partition: number): Promise<number> {
    const view = (await this.partitionsOf(topic))?.[partition];
    if (view === undefined) throw new WaybillError("MISSING", `kafka: there is no partition ${partition} of ${topic}`);
    if (view.leader >= 0) return view.leader;
    this.forget(topic);
    throw new WaybillError("UNAVAILABLE", `kafka: no broker leads partition ${partition} of ${topic} for now`);
  }

  /** Does something at the broker that keeps a group; where it is another by now, there. */
  async atCoordinator<T>(group: string, work: (node: number) => Promise<T>): Promise<T> {
    const node = this.#coordinators.get(group) ?? (await this.#find(group));
    try {
      return await work(node);
    } catch (error) {
      if (isAnswer(error, ...coordinatorReasons) || isUnreachable(error)) this.#coordinators.delete(group);
      throw error;
    }
  }

  async #find(group: string): Promise<number> {
    const node = await this.#session.coordinator(group);
    this.#coordinators.set(group, node);
    return node;
  }

  async #ask(topic: string): Promise<readonly PartitionView[] | undefined> {
    const asking = this.#asking.get(topic) ?? this.refresh([topic]).then(({ topics }) => topics.get(topic));
    this.#asking.set(topic, asking);
    try {
      return await asking;
    } finally {
      this.#asking.delete(topic);
    }
  }

  #learn({ topics }: ClusterView, asked: readonly string[]): void {
    const at = this.#clock.now();
    for (const topic of asked) if (!topics.has(topic)) this.#topics.delete(topic);
    for (const [topic, partitions] of topics) {
      // One without a leader is looked at again the next time.
      const isWhole = partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);
      this.#topics.set(topic, { partitions, at: isWhole ? at : 0 });
    }
  }
}

/** Tries again while it is the brokers that are not ready, until `deadline` (epoch ms). */
export async function patiently<T>(
  what: string,
  { clock, deadline }: { readonly clock: Clock; readonly deadline: number },
  work: () => Promise<T>,
): Promise<T> {
  for (let [pause, waited] = [20, 0]; ; [pause, waited] = [pauseAfter(pause, waited), waited + pause]) {
    try {
      return await work();
    } catch (error) {
      const passes = (error instanceof WaybillError && error.transient) || passing(error);
      if (!passes || clock.now() + pause >= deadline) throw toError(error, what);
    }
    await new Promise<void>((resolve) => void clock.after(pause, resolve));
  }
}

/** What is only new is there soon; what is away for longer is asked less often. */
function pauseAfter(pause: number, waited: number): number {
  return Math.min(2 * pause, waited < 3_000 ? 80 : 1_000);
}

function passing(error: unknown): boolean {
  if (!(error instanceof DriverError)) return false;
  return error.kind !== "refused" || toError(error, "").transient;
}
