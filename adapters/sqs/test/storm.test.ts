import { connect, type Queue, queue } from "@waybill/core";
import { sqs } from "../src/sqs.ts";
import { type Answer, AwsProxy, failing, losing, refusing, type Rule, unchecked } from "@waybill/test-servers";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { eventually } from "./rig.ts";

const broker = await orSkip(startBroker("sqs", { sources: ["native"], server: "fauxqs", keeps: false }));
test.skipIf(broker === undefined)("there is a server", () => expect(broker).toBeDefined());
afterAll(() => broker?.stop());
const url = broker?.url ?? "";

const batches = ["SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"];

/** All that AWS does to a client now and then, to each fifth request, in turn. */
function storm(): { readonly rule: Rule; readonly blows: Set<string> } {
  const blows = new Set<string>();
  const twice = async ({ pass }: Parameters<Rule>[0]): Promise<Answer> => {
    const answer = await pass();
    const messages = (answer.body["Messages"] ?? []) as readonly object[];
    return { ...answer, body: { Messages: messages.flatMap((message) => [message, message]) } };
  };
  const some = failing((_, index) => index % 3 === 0, { Code: "InternalError", SenderFault: false });
  const all = { throttled: refusing("ThrottlingException"), broken: refusing("InternalError", 500) };
  const inTurn = (of: Readonly<Record<string, (asked: Parameters<Rule>[0]) => Promise<Answer | "lost">>>): Rule => {
    let count = 0;
    const kinds = Object.entries(of);
    return (asked) => {
      count += 1;
      const [name, blow] = (count % 5 === 0 && kinds[(count / 5) % kinds.length]) || [];
      if (name !== undefined) blows.add(name);
      return blow?.(asked);
    };
  };
  const ofBatches = inTurn({ ...all, some, lost: losing });
  const ofReceives = inTurn({ ...all, twice });
  const rule: Rule = (asked) => {
    if (batches.includes(asked.action)) return ofBatches(asked);
    return asked.action === "ReceiveMessage" ? ofReceives(asked) : undefined;
  };
  return { rule, blows };
}

interface Step {
  readonly n: number;
}

const keys = 10;
const keyOf = ({ n }: Step): string => `k${n % keys}`;
const schema = unchecked<Step>();
const ordered: Queue<Step> = queue("ordered", { schema, key: keyOf, ordered: true });
const plain: Queue<Step> = queue("plain", { schema });

describe.skipIf(broker === undefined)("a storm of everything that AWS does now and then", () => {
  test.each([{ source: ordered }, { source: plain }])(
    "loses nothing of a queue that is $source.name, and turns no key round",
    async ({ source }) => {
      await using proxy = await AwsProxy.before(url);
      const options = { leaseMs: 4_000, waitMs: 1_000 };
      await using bus = await connect(proxy.url, { adapters: [sqs], namespace: "storm", options });
      const handled: number[] = [];
      await bus.work(source, { concurrency: 20 }, async ({ data }) => void handled.push(data.n));
      const { rule, blows } = storm();
      const calm = proxy.rule(rule);
      const all = Array.from({ length: 120 }, (_, n) => ({ n }));
      const outcomes = await Promise.all(all.map((step) => bus.send(source, step)));
      expect(outcomes).toHaveLength(120);
      let sent = all.length;
      for (; blows.size < 5; sent += 1) await bus.send(source, { n: sent });
      await eventually(() => expect(new Set(handled).size).toBe(sent));
      calm();
      await eventually(async () =>
        expect(await bus.inbox(source).stats()).toMatchObject({ ready: 0, inFlight: 0, dead: 0 }),
      );
      expect([...blows].toSorted()).toEqual(["broken", "lost", "some", "throttled", "twice"]);
      if (source === plain) return;
      // What comes again does so before anything later of its key.
      for (let key = 0; key < keys; key += 1) {
        const of = handled.filter((n) => n % keys === key);
        expect(of).toEqual(of.toSorted((one, other) => one - other));
      }
    },
  );
});
