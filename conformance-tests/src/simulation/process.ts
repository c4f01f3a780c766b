import type { Adapter, Cancel, Clock, Transport } from "@waybill/core";
import type { Controls } from "../controls.ts";
import { wrap } from "../wrap.ts";
import type { Dice } from "./dice.ts";
import type { Timeline } from "./timeline.ts";

/** What can be done to the transport of a process. */
export type Control = { readonly [Act in "crash" | "freeze" | "thaw"]: NonNullable<Controls[Act]> };

/**
 * A process in the simulated world: what runs in it goes by its clock and talks to the carrier through its adapter. Frozen, it hears
 * and says nothing and its timers wait, while the carrier's time goes on; crashed, it never does anything again.
 */
export class Process {
  readonly name: string;
  readonly clock: Clock;
  #state: "running" | "frozen" | "crashed" = "running";
  readonly #timeline: Timeline;
  readonly #control: Control;
  readonly #dice: Dice;
  #transport: Transport | undefined;
  #timers: (() => void)[] = [];
  #inbound: (() => void)[] = [];
  #awake: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;

  constructor(
    name: string,
    { timeline, dice }: { readonly timeline: Timeline; readonly dice: Dice },
    control: Control,
  ) {
    this.name = name;
    this.#timeline = timeline;
    this.#control = control;
    this.#dice = dice;
    this.clock = { now: timeline.now, after: (ms, run) => this.#after(ms, run) };
  }

  get crashed(): boolean {
    return this.#state === "crashed";
  }

  readonly sleep = (ms: number): Promise<void> => new Promise((resolve) => void this.#after(ms, resolve));

  /** The carrier as this process reaches it; what `around` adds stands between. */
  adapter(carrier: Adapter, around: (adapter: Adapter) => Adapter): Adapter {
    const bottom: Adapter = {
      ...carrier,
      connect: async (url, context) => {
        this.#transport = await carrier.connect(url, { ...context, clock: this.#timeline });
        return this.#transport;
      },
    };
    return wrap(around(bottom), (transport) => ({
      send: (to, messages, options) => this.#awake.then(() => transport.send(to, messages, options)),
      receiver: () => ({
        deliver: (batch, sink) => this.#hear(() => sink.deliver(batch)),
        lost: (batch, cause, sink) => this.#hear(() => sink.lost(batch, cause)),
        settle: (batch, receiver) => this.#awake.then(() => receiver.settle(batch)),
      }),
    }));
  }

  crash(): void {
    this.#state = "crashed";
    this.#awake = new Promise(() => undefined);
    if (this.#transport !== undefined) this.#control.crash(this.#transport);
  }

  freeze(): void {
    if (this.#state !== "running") return;
    this.#state = "frozen";
    this.#awake = new Promise((resolve) => (this.#wake = resolve));
    if (this.#transport !== undefined) this.#control.freeze(this.#transport);
  }

  /** It goes on: first with what it was about to do, or with what the carrier has said meanwhile. */
  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "running";
    if (this.#transport !== undefined) this.#control.thaw(this.#transport);
    const [timers, inbound] = [this.#timers.splice(0), this.#inbound.splice(0)];
    const waiting = this.#dice.chance(0.5) ? [...timers, ...inbound] : [...inbound, ...timers];
    for (const run of waiting) this.#after(0, run);
    this.#wake();
  }

  #after(ms: number, run: () => void): Cancel {
    let cancelled = false;
    const fire = (): void => {
      if (cancelled || this.#state === "crashed") return;
      if (this.#state === "frozen") this.#timers.push(fire);
      else run();
    };
    const cancel = this.#timeline.after(ms, fire);
    return () => {
      cancelled = true;
      cancel();
    };
  }

  #hear(what: () => void): void {
    if (this.#state === "running") what();
    else if (this.#state === "frozen") this.#inbound.push(what);
  }
}
