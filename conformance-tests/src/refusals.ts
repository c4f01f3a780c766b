import { call, pattern } from "@waybill/core";
import { rejection } from "./expect.ts";
import type { Bench } from "./bench.ts";

/** What a manifest may do without; asking for it is then refused with `UNSUPPORTED`, when it is asked for and not later. */
export type Claim = "topics" | "patterns" | "replay" | "once" | "rpc" | "order" | "delay";

/** For each claim, a case which shows that asking for what is not claimed is refused (CAP-1). */
export const refusals: Readonly<Record<Claim, (bench: Bench) => Promise<void>>> = {
  async topics(bench) {
    const bus = await bench.connect();
    const topic = bench.topic();
    await rejection(() => bus.subscribe(topic, { group: "g" }, () => undefined), "UNSUPPORTED");
    await rejection(() => bus.publish(topic, { n: 1 }), "UNSUPPORTED");
  },
  async patterns(bench) {
    const bus = await bench.connect();
    await rejection(() => bus.subscribe(pattern("refused.*"), { group: "g" }, () => undefined), "UNSUPPORTED");
    await rejection(() => bus.listen(pattern("refused.#"), () => undefined), "UNSUPPORTED");
  },
  async replay(bench) {
    const bus = await bench.connect();
    const topic = bench.topic({ retain: 60_000 });
    await rejection(() => bus.subscribe(topic, { group: "g", from: "beginning" }, () => undefined), "UNSUPPORTED");
    await rejection(() => bus.publish(topic, { n: 1 }), "UNSUPPORTED");
  },
  async once(bench) {
    const bus = await bench.connect();
    await rejection(() => bus.work(bench.queue(), { delivery: "at-most-once" }, () => undefined), "UNSUPPORTED");
  },
  async rpc(bench) {
    const bus = await bench.connect();
    const { name, schema } = bench.queue();
    const refused = call(name, { request: schema, reply: schema });
    await rejection(() => bus.request(refused, { n: 1 }), "UNSUPPORTED");
    await rejection(() => bus.reply(refused, {}, ({ data }) => data), "UNSUPPORTED");
  },
  async order(bench) {
    const bus = await bench.connect();
    const queue = bench.queue({ ordered: true });
    await rejection(() => bus.work(queue, {}, () => undefined), "UNSUPPORTED");
    await rejection(() => bus.send(queue, { n: 1 }), "UNSUPPORTED");
    const every = { cron: "* * * * *", to: bench.queue(), data: { n: 1 } };
    await rejection(() => bus.schedule(bench.name("schedule"), every), "UNSUPPORTED");
  },
  async delay(bench) {
    const bus = await bench.connect();
    await rejection(() => bus.send(bench.queue(), { n: 1 }, { delay: 5_000 }), "UNSUPPORTED");
  },
};
