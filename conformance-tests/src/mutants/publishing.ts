import type { Adapter, SendResult, Transport, WireMessage } from "@waybill/core";
import { WaybillError } from "@waybill/core";
import type { Mutant } from "../mutant.ts";
import { type Hooks, wrap } from "../wrap.ts";
import { afterwards, onNames, onSend } from "./tools.ts";

/** What goes wrong on the way in. */
export const publishingMutants: readonly Mutant[] = [
  {
    name: "confirms-before-storing",
    caughtBy: ["PUB-1/stored", "PUB-1/outlives", "PUB-6/under-way"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        send(to, messages, options) {
          afterwards(200, () => transport.send(to, messages, options));
          return Promise.resolve(messages.map((): SendResult => "stored"));
        },
      })),
  },
  { name: "loses-the-first", caughtBy: ["PUB-2/sticky"], mutate: losing((count) => count === 1) },
  {
    name: "loses-one-in-ten",
    caughtBy: ["PUB-3", "PUB-3/partial", "PUB-9"],
    mutate: losing((count) => count % 10 === 0),
  },
  {
    name: "duplicates",
    caughtBy: ["PUB-2/again", "PUB-6/closed", "PUB-10", "PUB-11/signal", "SUB-2/one-member", "ACK-6"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        async send(to, messages, options) {
          const results = await transport.send(to, messages, options);
          await transport.send(to, messages, options);
          return results;
        },
      })),
  },
  {
    name: "treats-bodies-as-text",
    caughtBy: ["PUB-4/body", "DLQ-3", "FLT-3", "INT-1/decoder", "INT-1/binary"],
    mutate: onSend((message) => ({ ...message, body: Buffer.from(Buffer.from(message.body).toString("utf8")) })),
  },
  {
    name: "lowers-header-names",
    caughtBy: ["PUB-4/headers"],
    mutate: onSend((message) => ({
      ...message,
      headers: Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name.toLowerCase(), value])),
    })),
  },
  {
    name: "drops-empty-headers",
    caughtBy: ["PUB-4/headers"],
    mutate: onSend((message) => ({
      ...message,
      headers: Object.fromEntries(Object.entries(message.headers).filter(([, value]) => value !== "")),
    })),
  },
  {
    name: "drops-the-correlation",
    caughtBy: ["PUB-4/envelope"],
    mutate: onSend((message) => {
      const text = Buffer.from(message.body).toString("utf8");
      return { ...message, body: Buffer.from(text.replace(/"correlationid":"[^"]*",?/, "")) };
    }),
  },
  {
    name: "drops-the-expiry",
    caughtBy: ["TTL-1", "TTL-1/retries", "RPC-1/timeout"],
    mutate: onSend((message) => {
      const text = Buffer.from(message.body).toString("utf8");
      return { ...message, body: Buffer.from(text.replace(/,"expirytime":"[^"]*"/, "")) };
    }),
  },
  {
    name: "makes-everything-version-3",
    caughtBy: ["VER-1/older"],
    mutate: onSend((message) => {
      const text = Buffer.from(message.body).toString("utf8");
      return { ...message, body: Buffer.from(text.replace(/"dataversion":"\d+"/, '"dataversion":"3"')) };
    }),
  },
  {
    name: "writes-attributes-in-camel-case",
    caughtBy: ["INT-1/structured"],
    mutate: onSend((message) => {
      const text = Buffer.from(message.body).toString("utf8");
      return { ...message, body: Buffer.from(text.replace('"correlationid"', '"correlationId"')) };
    }),
  },
  {
    name: "refuses-large-bodies",
    caughtBy: ["PUB-5/body"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => ({
        send: (to, messages, options) =>
          messages.some(({ body }) => body.length > 60_000)
            ? Promise.resolve(messages.map((): SendResult => ({ outcome: "refused", error: tooLarge() })))
            : transport.send(to, messages, options),
      })),
  },
  {
    name: "cuts-long-headers",
    caughtBy: ["PUB-5/headers", "DLQ-2/largest"],
    mutate: onSend((message) => ({
      ...message,
      headers: Object.fromEntries(
        Object.entries(message.headers).map(([name, value]) => [name, value.slice(0, 5_000)]),
      ),
    })),
  },
  {
    name: "blocks-the-event-loop",
    caughtBy: ["PUB-11/deadline"],
    mutate: onSend((message) => {
      const until = performance.now() + 3_000;
      while (performance.now() < until);
      return message;
    }),
  },
  {
    name: "forgets-before-the-first-worker",
    caughtBy: ["PUB-7"],
    mutate: (adapter) =>
      wrap(adapter, (transport) => {
        let worked = false;
        return {
          receive(from, flow, sink) {
            worked = true;
            return transport.receive(from, flow, sink);
          },
          send: (to, messages, options) =>
            worked || to.kind !== "source" || to.shape.kind === "topic"
              ? transport.send(to, messages, options)
              : Promise.resolve(messages.map((): SendResult => "stored")),
        };
      }),
  },
  {
    name: "swaps-two-of-a-key",
    caughtBy: ["PUB-8", "ORD-1"],
    mutate: (adapter) => wrap(adapter, swapping),
  },
  {
    name: "ignores-the-namespace",
    caughtBy: ["SUB-3/namespaces"],
    mutate: (adapter) => ({
      ...adapter,
      connect: (url, context) => adapter.connect(url, { ...context, namespace: "everyone" }),
    }),
  },
  {
    name: "folds-names",
    caughtBy: ["SUB-3/topics", "SUB-3/groups", "SUB-3/pairs"],
    mutate: onNames((inbox) => ({ ...inbox, group: folded(inbox.group) }), folded),
  },
  {
    name: "forgets-delays",
    caughtBy: ["DLY-1"],
    mutate: onSend((message) => ({ ...message, deliverAt: undefined })),
  },
  {
    name: "leaks-the-url",
    caughtBy: ["LIF-6"],
    mutate: (adapter) => ({
      ...adapter,
      connect(url, context) {
        if (url.search === "" && url.password === "") return adapter.connect(url, context);
        return Promise.reject(new WaybillError("UNAVAILABLE", `nobody answers at ${url.href}`));
      },
    }),
  },
];

/** Keeps every other message of a key until the next one has gone ahead, however they come in batches. */
function swapping(transport: Transport): Hooks {
  const kept = new Map<string, WireMessage>();
  const swapped = (message: WireMessage): readonly WireMessage[] => {
    const key = message.key ?? "";
    const earlier = kept.get(key);
    if (earlier === undefined) kept.set(key, message);
    else kept.delete(key);
    return earlier === undefined ? [] : [message, earlier];
  };
  return {
    async send(to, messages, options) {
      await transport.send(to, messages.flatMap(swapped), options);
      return messages.map((): SendResult => "stored");
    },
  };
}

function losing(isLost: (count: number) => boolean): (adapter: Adapter) => Adapter {
  let count = 0;
  return (adapter) =>
    wrap(adapter, (transport) => ({
      async send(to, messages, options) {
        const kept = messages.filter(() => !isLost((count += 1)));
        await transport.send(to, kept, options);
        return messages.map((): SendResult => "stored");
      },
    }));
}

function folded(name: string): string {
  return name
    .normalize("NFC")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "_");
}

function tooLarge(): WaybillError {
  return new WaybillError("TOO_LARGE", "over 60 kB");
}
