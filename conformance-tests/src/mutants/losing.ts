import type { Adapter, AdapterContext, Delivery, Inbox, Report, Transport } from "@waybill/core";
import { WaybillError } from "@waybill/core";
import type { Mutant } from "../mutant.ts";
import { type Hooks, wrap } from "../wrap.ts";
import { afterwards } from "./tools.ts";

/** What goes wrong when the way to the broker is lost for a while, or a member does not come to look after its leases. */
export const losingMutants: readonly Mutant[] = [
  {
    name: "delivers-nothing-after-a-loss",
    caughtBy: [
      "FLT-1/cut",
      "FLT-1/settle",
      "FLT-1/lease",
      "FLT-1/hole",
      "FLT-1/restart",
      "FLT-1/away",
      "FLT-1/siege",
      "SUB-7/reconnect",
    ],
    mutate: knowing((losses) => ({
      receiver: () => ({ deliver: (batch, sink) => void (losses() > 0 || sink.deliver(batch)) }),
    })),
  },
  {
    name: "hides-a-loss",
    caughtBy: ["FLT-1/hole", "SUB-7/reconnect"],
    mutate: (adapter) => hearing(adapter, (kind) => kind !== "lost"),
  },
  {
    name: "refuses-everything-after-a-loss",
    caughtBy: ["FLT-1/cut", "FLT-1/publish", "FLT-1/restart", "FLT-1/away"],
    mutate: knowing((losses, transport) => ({
      async send(to, messages, options) {
        if (losses() === 0) return transport.send(to, messages, options);
        return messages.map(() => ({ outcome: "refused", error: new WaybillError("FULL", "refused since the loss") }));
      },
    })),
  },
  {
    name: "drops-what-is-next-after-a-loss",
    caughtBy: ["FLT-1/restart", "FLT-1/away"],
    mutate: confirmingAfterALoss(() => undefined),
  },
  {
    name: "puts-off-what-is-next-after-a-loss",
    caughtBy: ["PUB-8/reconnect"],
    mutate: confirmingAfterALoss((send) => afterwards(500, send)),
  },
  {
    name: "sends-again-what-it-had-before-a-loss",
    caughtBy: ["FLT-1/settle", "FLT-1/restart"],
    mutate: sendsAgain,
  },
  {
    name: "takes-what-was-held-for-long-for-failed",
    caughtBy: ["ACK-4/blocked"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        receiver: ({ shape }) => {
          const [since, longMs] = [new WeakMap<Delivery, number>(), transport.supports(shape).leaseMs * 2];
          return {
            deliver(batch, sink) {
              for (const delivery of batch) since.set(delivery, performance.now());
              sink.deliver(batch);
            },
            lost: () => undefined,
            settle: (batch, receiver) =>
              receiver.settle(
                batch.map((one) =>
                  performance.now() - (since.get(one.delivery) ?? 0) < longMs
                    ? one
                    : { delivery: one.delivery, outcome: "retry", delayMs: 0, failed: true, note: {} },
                ),
              ),
          };
        },
      })),
  },
];

/** Hears what a transport reports; what `passes` says false to is not told to core. */
function hearing(adapter: Adapter, passes: (kind: Report) => boolean): Adapter {
  return {
    ...adapter,
    connect: (url, context) => {
      const report: AdapterContext["report"] = (kind, inbox, error) => {
        if (passes(kind)) context.report(kind, inbox, error);
      };
      return adapter.connect(url, { ...context, report });
    },
  };
}

/** Hooks that know how often their connection was lost. */
function knowing(hooksOf: (losses: () => number, transport: Transport) => Hooks): Mutant["mutate"] {
  return (adapter) => ({
    ...adapter,
    connect(url, context) {
      let losses = 0;
      const heard = hearing(adapter, (kind) => {
        if (kind === "lost") losses += 1;
        return true;
      });
      return wrap(heard, (transport) => hooksOf(() => losses, transport)).connect(url, context);
    },
  });
}

/** What is sent next after each loss is called stored, and left to `then`. */
function confirmingAfterALoss(then: (send: () => Promise<unknown>) => void): Mutant["mutate"] {
  return knowing((losses, transport) => {
    let known = 0;
    return {
      async send(to, messages, options) {
        if (losses() === known) return transport.send(to, messages, options);
        known = losses();
        then(() => transport.send(to, messages, options));
        return messages.map(() => "stored");
      },
    };
  });
}

/** What it had before a loss is stored before what it is given next, so whoever waits for that has seen both. */
function sendsAgain(adapter: Adapter): Adapter {
  const had: (readonly [Inbox, Delivery])[] = [];
  return knowing((losses, transport) => ({
    async send(to, messages, options) {
      for (const [inbox, delivery] of losses() > 0 ? had.splice(0) : []) {
        const copy = { ...delivery, dedupe: `${delivery.dedupe}-again` };
        const [result] = await transport.send({ kind: "inbox", inbox }, [copy], options);
        // The broker may still be away.
        if (result !== "stored") had.push([inbox, delivery]);
      }
      return transport.send(to, messages, options);
    },
    receiver: (from) => ({
      deliver(batch, sink) {
        if (losses() === 0) had.push(...batch.map((delivery) => [from, delivery] as const));
        sink.deliver(batch);
      },
    }),
  }))(adapter);
}
