import { type Adapter, type SendResult, WaybillError, type WireMessage } from "@waybill/core";
import { wrap } from "./wrap.ts";

/* Faults of a broker, played between core and the adapter under test. */

/** The first `times` batches are stored, and their replies are lost; then, if `refuses` is set, all are refused. */
export function losesReplies(times: number, refuses = false): (adapter: Adapter) => Adapter {
  let left = times;
  return (adapter) =>
    wrap(adapter, (transport) => ({
      async send(to, messages, options) {
        if (left <= 0 && refuses) return messages.map(() => refused());
        const results = await transport.send(to, messages, options);
        if (left-- <= 0) return results;
        const error = new WaybillError("UNAVAILABLE", "the reply was lost");
        return messages.map(() => ({ outcome: "unknown", error }));
      },
    }));
}

/** Messages with the header `refuse` are refused for good, the rest of their batch is sent. */
export function refusesSome(adapter: Adapter): Adapter {
  return wrap(adapter, (transport) => ({
    async send(to, messages, options) {
      const stored = await transport.send(
        to,
        messages.filter((message) => !isUnwanted(message)),
        options,
      );
      const results = stored[Symbol.iterator]();
      return messages.map((message) => (isUnwanted(message) ? refused() : (results.next().value ?? refused())));
    },
  }));
}

/** Keeps nothing waiting for longer than `maxDelay` ms. */
export function limitsDelays(maxDelay: number): (adapter: Adapter) => Adapter {
  return (adapter) =>
    wrap(adapter, (transport) => ({ supports: (shape) => ({ ...transport.supports(shape), maxDelay }) }));
}

/** Nothing is sent until `opened`. */
export function stalls(opened: Promise<void>): (adapter: Adapter) => Adapter {
  return (adapter) =>
    wrap(adapter, (transport) => ({
      async send(to, messages, options) {
        await opened;
        return transport.send(to, messages, options);
      },
    }));
}

/** What is sent is stored, and never answered. */
export function swallowsReplies(adapter: Adapter): Adapter {
  return wrap(adapter, (transport) => ({
    async send(to, messages, options) {
      await transport.send(to, messages, options);
      return new Promise<never>(() => undefined);
    },
  }));
}

/** Nothing reaches the consumer while `broken()`, though everything else works. */
export function swallowsDeliveries(broken: () => boolean): (adapter: Adapter) => Adapter {
  return (adapter) =>
    wrap(adapter, () => ({
      receiver: () => ({ deliver: (batch, sink) => void (broken() || sink.deliver(batch)) }),
    }));
}

/** Writing a dead letter fails while `broken()`. */
export function cannotBury(broken: () => boolean): (adapter: Adapter) => Adapter {
  return (adapter) =>
    wrap(adapter, () => ({
      receiver: () => ({
        async settle(batch, receiver) {
          if (!broken() || batch.every(({ outcome }) => outcome !== "dead")) return receiver.settle(batch);
          return batch.map(() => new WaybillError("FULL", "no room for dead letters"));
        },
      }),
    }));
}

/** What is put off without having failed comes again at once, each time told to `put`: a minute is long. */
export function hurriesWhatWaits(put: () => void): (adapter: Adapter) => Adapter {
  return (adapter) =>
    wrap(adapter, () => ({
      receiver: () => ({
        settle: (batch, receiver) =>
          receiver.settle(
            batch.map((one) => {
              if (one.outcome !== "retry" || one.failed) return one;
              put();
              return { ...one, delayMs: 1 };
            }),
          ),
      }),
    }));
}

function isUnwanted(message: WireMessage): boolean {
  return "refuse" in message.headers;
}

function refused(): SendResult {
  return { outcome: "refused", error: new WaybillError("FULL", "refused by the suite") };
}
