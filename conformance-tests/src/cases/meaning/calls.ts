import assert from "node:assert/strict";
import { type BusReport, call, type Call, RemoteError } from "@waybill/core";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { range, rejection, settlesAfter } from "../../expect.ts";
import { outlineOf, schema } from "../../item.ts";
import { lettersIn } from "../../letters.ts";
import { every, kills, rpc } from "../../owed.ts";

interface Numbered {
  readonly n: number;
}

const numbered = schema<Numbered>((data) =>
  typeof (data as Numbered).n === "number" ? undefined : ["n", "expected a number"],
);

/** RPC-1 */
export const calls: readonly Case[] = casesOf("RPC-1", {
  "": {
    shows: "of many requests at a time, from several members to several others, each gets its own reply",
    owed: rpc,
    async run(bench) {
      const double = callOf(bench);
      for (const member of await buses(bench, 2))
        await member.reply(double, { concurrency: 20 }, async ({ data }) => {
          await new Promise((resolve) => void setTimeout(resolve, Math.random() * 5));
          return { n: data.n * 2 };
        });
      const asking = await buses(bench, 3);
      const request = async (n: number): Promise<Numbered | undefined> =>
        asking[n % 3]?.request(double, { n }, { timeout: bench.boundMs });
      const replies = await Promise.all(range(0, 150).map(request));
      assert.deepEqual(
        replies.map((reply) => reply?.n),
        range(0, 150).map((n) => n * 2),
        "replies",
      );
    },
  },
  error: {
    shows: "an error of the handler arrives as an error, by its name and message, and the request is over",
    owed: rpc,
    async run(bench) {
      const failing = callOf(bench);
      const [asking, answering] = [await bench.connect(), await bench.connect()];
      await answering.reply(failing, {}, () => {
        throw new RangeError("out of stock");
      });
      const error = await rejection(() => asking.request(failing, { n: 1 }, { timeout: bench.boundMs }), "REMOTE");
      assert(error instanceof RemoteError, "it is a RemoteError");
      assert.deepEqual(error.remote, { name: "RangeError", message: "out of stock" });
      await bench.drained(answering.inbox(failing.request));
      assert.deepEqual(await lettersIn(answering.inbox(failing.request)), [], "dead letters");
    },
  },
  timeout: {
    shows: "without a reply a request rejects TIMEOUT when its time is over, and is not handled any more",
    owed: rpc,
    async run(bench) {
      const unanswerable = callOf(bench);
      const bus = await bench.connect();
      assert.equal((await bus.inbox(unanswerable.request).stats()).ready, 0, "ready before");
      const asked = settlesAfter(3_000, () => bus.request(unanswerable, { n: 1 }, { timeout: 3_000 }));
      const unanswered = bench.later(asked);
      await bench.eventually(
        "the request is there",
        () => bus.inbox(unanswerable.request).stats(),
        ({ ready }) => ready === 1,
      );
      await rejection(() => unanswered, "TIMEOUT");
      const handled: number[] = [];
      await bus.reply(unanswerable, {}, ({ data }) => {
        handled.push(data.n);
        return data;
      });
      await bus.request(unanswerable, { n: 2 }, { timeout: bench.boundMs });
      assert.deepEqual(handled, [2], "handled");
    },
  },
  gone: {
    shows: "a reply to an address that is gone is dropped and reported, and the next request is answered",
    owed: rpc,
    async run(bench) {
      const reports: BusReport[] = [];
      const double = callOf(bench);
      const leaving = await bench.connect();
      const answering = await bench.connect({ onReport: (report) => void reports.push(report) });
      const left = bench.later(leaving.request(double, { n: 1 }, { timeout: "1m" }));
      const requests = answering.inbox(double.request);
      await bench.eventually(
        "the request is there",
        () => requests.stats(),
        ({ ready }) => ready === 1,
      );
      await leaving.close();
      await rejection(() => left, "CLOSED");
      await answering.reply(double, {}, ({ data }) => ({ n: data.n * 2 }));
      const asking = await bench.connect();
      assert.deepEqual(await asking.request(double, { n: 2 }, { timeout: bench.boundMs }), { n: 4 });
      await bench.drained(requests);
      const dropped = reports.filter(({ kind }) => kind === "dropped");
      assert.deepEqual(
        dropped.map(({ error }) => error?.code),
        ["NO_ROUTE"],
      );
    },
  },
  killed: {
    shows: "a request in the hands of a member that dies is answered by another",
    owed: every(rpc, kills),
    async run(bench) {
      const queue = bench.queue();
      const same = call(queue.name, { request: queue.schema, reply: numbered });
      const [dying, asking] = [await bench.member({ of: outlineOf(queue), act: "hang" }), await bench.connect()];
      const reply = bench.later(asking.request(same, { n: 1 }, { timeout: bench.leaseBoundMs * 2 }));
      await bench.eventually(
        "it is in hand",
        () => dying.began.length,
        (count) => count === 1,
      );
      await dying.kill();
      await asking.reply(same, {}, ({ data }) => ({ n: data.n * 2 }));
      assert.deepEqual(await bench.within("the reply", reply, bench.leaseBoundMs), { n: 2 });
    },
  },
});

function callOf(bench: Bench): Call<Numbered, Numbered, Numbered, Numbered> {
  return call(bench.name("call"), { request: numbered, reply: numbered });
}

function buses(bench: Bench, count: number): Promise<readonly Awaited<ReturnType<Bench["connect"]>>[]> {
  return Promise.all(range(0, count).map(() => bench.connect()));
}
