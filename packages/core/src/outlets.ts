import type { Budget } from "./budget.ts";
import type { Clock } from "./clock.ts";
import { Composer } from "./composer.ts";
import type { AnyDefinition } from "./definition.ts";
import { toWaybillError, WaybillError } from "./errors.ts";
import type { PublishingHealth } from "./health.ts";
import { sourceOf } from "./inbox.ts";
import { Lane } from "./lane.ts";
import type { Middleware } from "./middleware.ts";
import { LaneProducer } from "./producer.ts";
import type { Backoff, Manifest, SendResult, Transport, WireMessage } from "./seam.ts";

export interface OutletsOptions {
  readonly transport: Transport;
  readonly source: string;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly newId: () => string;
  readonly budget: Budget;
  readonly publishTimeout: number;
  readonly middlewares: readonly Middleware[];
}

/** Everything a bus needs to publish messages of one definition, made when it is first used. */
export interface Outlet {
  readonly composer: Composer<unknown, unknown>;
  readonly producer: LaneProducer;
  /** Resolves once the topic or queue exists. A failure is tried again by the next caller. */
  declared(): Promise<void>;
}

/** The way to one topic or queue, whichever definition is published by. */
interface Path {
  readonly keyed: Lane;
  readonly unkeyed: Lane;
  readonly declaration: Declaration;
}

/** That a topic or queue exists. */
interface Declaration {
  readonly made: () => Promise<void>;
  /** It may have been removed. */
  readonly forget: () => void;
}

/** The publishing side of a bus. */
export class Outlets {
  readonly #options: OutletsOptions;
  /** Gone with their definitions, which may be made anew for each message. */
  readonly #outlets = new WeakMap<AnyDefinition, Outlet>();
  /** By name and layout, so that definitions of one topic keep the order of a key among each other (PUB-8). */
  readonly #paths = new Map<string, Path>();
  #closed = false;

  constructor(options: OutletsOptions) {
    this.#options = options;
  }

  of(definition: AnyDefinition): Outlet {
    const known = this.#outlets.get(definition);
    if (known !== undefined) return known;
    const outlet = this.#make(definition);
    this.#outlets.set(definition, outlet);
    return outlet;
  }

  /** Whether what waits gets on (LIF-3). `trouble` is what the carrier has last said of itself. */
  health(stalledAfterMs: number, trouble: WaybillError | undefined): PublishingHealth {
    const lanes = this.#lanes();
    const waiting = lanes.reduce((sum, { pending }) => sum + pending, 0);
    const now = this.#options.clock.now();
    const stuckMs = lanes.reduce((most, { stuckSince = now }) => Math.max(most, now - stuckSince), 0);
    const error = stuckMs < stalledAfterMs ? undefined : stuck(waiting, stuckMs, trouble);
    return { healthy: error === undefined, waiting, error };
  }

  /** Refuses what comes later with `CLOSED`; resolves when what was published before has settled (PUB-6). */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#lanes().map((lane) => lane.drained()));
  }

  #lanes(): readonly Lane[] {
    return [...this.#paths.values()].flatMap(({ keyed, unkeyed }) => [keyed, unkeyed]);
  }

  #make(definition: AnyDefinition): Outlet {
    const { transport, budget, middlewares, publishTimeout } = this.#options;
    if (definition.kind === "pattern") {
      throw new TypeError(`nothing is published to a pattern ("${definition.name}"); publish to one of its topics`);
    }
    const manifest = supported(transport, definition);
    const composer = new Composer(definition, manifest, this.#options);
    const { keyed, unkeyed, declaration } = this.#pathTo(definition);
    const producer = new LaneProducer({
      name: definition.name,
      composer,
      middlewares,
      keyed,
      unkeyed,
      publishTimeout,
      admit: () => this.#admit(),
      room: () => budget.room(),
    });
    return { composer, producer, declared: declaration.made };
  }

  #pathTo(definition: AnyDefinition): Path {
    const place = JSON.stringify([definition.name, definition.shape]);
    const known = this.#paths.get(place);
    if (known !== undefined) return known;
    const declaration = this.#declaration(definition);
    // A lost reply must not turn round messages of one key, so these have one batch in flight.
    const keyed = this.#lane(definition, 1, declaration);
    const unkeyed = this.#lane(definition, this.#options.transport.outbound.depth, declaration);
    const path = { keyed, unkeyed, declaration };
    this.#paths.set(place, path);
    return path;
  }

  #lane(definition: AnyDefinition, depth: number, declaration: Declaration): Lane {
    const { transport, budget, clock, backoff } = this.#options;
    const address = sourceOf(definition);
    let isDeclared = false;
    const declareAndSend = async (
      messages: readonly WireMessage[],
      deadline: number,
    ): Promise<readonly SendResult[]> => {
      try {
        await declaration.made();
        isDeclared = true;
      } catch (thrown) {
        const error = toWaybillError(thrown, "UNAVAILABLE");
        return messages.map(() => ({ outcome: "refused", error }));
      }
      return transport.send(address, messages, { deadline });
    };
    return new Lane({
      depth,
      maxBatch: transport.outbound.maxBatch,
      budget,
      clock,
      backoff,
      async send(messages, deadline) {
        if (!isDeclared) return declareAndSend(messages, deadline);
        const results = await transport.send(address, messages, { deadline });
        if (!results.every(isUnrouted)) return results;
        // It was removed since, so it is made again (GRP-1).
        isDeclared = false;
        declaration.forget();
        return declareAndSend(messages, deadline);
      },
    });
  }

  #declaration(definition: AnyDefinition): Declaration {
    let declared: Promise<void> | undefined;
    const forget = (): void => void (declared = undefined);
    const made = (): Promise<void> => {
      declared ??= this.#options.transport.declare([sourceOf(definition)]).catch((error: unknown) => {
        forget();
        throw error;
      });
      return declared;
    };
    return { made, forget };
  }

  #admit(): void {
    if (this.#closed) throw new WaybillError("CLOSED", "the bus is closed, nothing can be published through it");
  }
}

function stuck(waiting: number, ms: number, trouble: WaybillError | undefined): WaybillError {
  const why = trouble === undefined ? "look at the carrier" : trouble.message;
  return new WaybillError("STALLED", `${waiting} message(s) wait to be stored, and none was for ${ms} ms: ${why}`);
}

function isUnrouted(result: SendResult): boolean {
  return result !== "stored" && result.outcome === "refused" && result.error.code === "NO_ROUTE";
}

/** What the carrier gives a definition. @throws WaybillError `UNSUPPORTED` where that is not what the definition asks for */
export function supported(transport: Transport, { kind, name, shape }: AnyDefinition): Manifest {
  const manifest = transport.supports(shape);
  if (kind === "topic" && !manifest.can.has("topics")) {
    throw new WaybillError("UNSUPPORTED", `topic "${name}": this carrier has queues but no topics`);
  }
  if (kind === "pattern" && !manifest.can.has("patterns")) {
    throw new WaybillError("UNSUPPORTED", `pattern "${name}": this carrier has no patterns; subscribe to each topic`);
  }
  if (shape.retainMs > 0 && !manifest.can.has("replay")) {
    throw new WaybillError("UNSUPPORTED", `topic "${name}" has retain; this carrier keeps nothing for replay`);
  }
  if (shape.ordered && manifest.order === "none") {
    throw new WaybillError("UNSUPPORTED", `${kind} "${name}" is ordered; this carrier keeps no order`);
  }
  return manifest;
}
