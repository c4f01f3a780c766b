import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { inParallel } from "../load.ts";
import { oneOrder } from "../schemas.ts";

const key = "raw";
/** Best of 50 to 500, for scripts and for pipelines, in µs of the client and of the server. */
const batch = 125;
const read = 200;
const put = "for i = 1, #ARGV, 2 do redis.call('XADD', KEYS[1], '*', 'h', ARGV[i], 'd', ARGV[i + 1]) end";

const headers = '{"content-type":"application/cloudevents+json"}';
const beforeId =
  '{"specversion":"1.0","type":"order.placed","source":"bench","datacontenttype":"application/json","dataversion":"1","id":"';
const random = randomUUID().slice(0, 24);
let made = 0;

/**
 * What someone would write by hand who knows ioredis well: a stream and a group, the same headers and the same JSON, whose
 * constant part is written once; text for arguments, which ioredis writes faster than Buffers; the time once a batch.
 */
export class RawRedis implements Disposable {
  readonly #client: Redis;
  #sha = "";

  constructor(url: string) {
    this.#client = new Redis(url);
  }

  /** Starts with an empty stream. */
  async clear(): Promise<void> {
    await this.#client.del(key);
    await this.#client.xgroup("CREATE", key, "bench", "0", "MKSTREAM");
    this.#sha = String(await this.#client.script("LOAD", put));
  }

  async publishOne(): Promise<void> {
    await this.#client.xadd(key, "*", "h", headers, "d", written(new Date().toISOString()));
  }

  /** One script call a batch, `inFlight` messages under way. */
  publishByScript(count: number, inFlight: number): Promise<void> {
    return inParallel(count / batch, inFlight / batch, async () => {
      const time = new Date().toISOString();
      const args: string[] = [];
      for (let index = 0; index < batch; index += 1) args.push(headers, written(time));
      await this.#client.evalsha(this.#sha, 1, key, ...args);
    });
  }

  /** The same where each of `inFlight` callers waits for its own message: what they ask meanwhile is the next batch. */
  async publishEach(count: number, inFlight: number): Promise<void> {
    const waiting: Waiting[] = [];
    let flights = 0;
    const fly = async (): Promise<void> => {
      flights += 1;
      while (waiting.length > 0) {
        const going = waiting.splice(0, batch);
        const args = going.flatMap(({ text }) => [headers, text]);
        await this.#client.evalsha(this.#sha, 1, key, ...args);
        for (const { done } of going) done();
      }
      flights -= 1;
    };
    await inParallel(count, inFlight, () => {
      const text = written(new Date().toISOString());
      return new Promise<void>((done) => {
        waiting.push({ text, done });
        if (flights < inFlight / batch && waiting.length === 1) queueMicrotask(() => void fly());
      });
    });
  }

  /** One pipeline a batch, `inFlight` messages under way. */
  publishByPipeline(count: number, inFlight: number): Promise<void> {
    return inParallel(count / batch, inFlight / batch, async () => {
      const time = new Date().toISOString();
      const pipeline = this.#client.pipeline();
      for (let index = 0; index < batch; index += 1) pipeline.xadd(key, "*", "h", headers, "d", written(time));
      const results = await pipeline.exec();
      if (results?.some(([error]) => error !== null) !== false) throw new Error("raw: an XADD failed");
    });
  }

  /** Handles a backlog: while one batch is parsed and handled, the next is on its way, and so are the settlements of the last. */
  async consume(count: number, handle: (data: unknown, headers: unknown) => void): Promise<void> {
    const settling: Promise<unknown>[] = [];
    let next = this.#read();
    for (let handled = 0; handled < count;) {
      const entries = await next;
      next = this.#read();
      const ids: string[] = [];
      for (const [id, [, head, , body]] of entries) {
        ids.push(id.toString("latin1"));
        handle((parsed(body) as { data: unknown }).data, parsed(head));
      }
      handled += entries.length;
      if (ids.length > 0) settling.push(this.#client.xack(key, "bench", ...ids), this.#client.xdel(key, ...ids));
    }
    await Promise.all([...settling, next]);
  }

  [Symbol.dispose](): void {
    this.#client.disconnect();
  }

  async #read(): Promise<readonly Entry[]> {
    const reply = await this.#client.xreadgroupBuffer("GROUP", "bench", "one", "COUNT", read, "STREAMS", key, ">");
    const [stream] = (reply ?? []) as readonly (readonly [Buffer, readonly Entry[]])[];
    return stream?.[1] ?? [];
  }
}

interface Waiting {
  readonly text: string;
  readonly done: () => void;
}

type Entry = readonly [id: Buffer, fields: readonly Buffer[]];

function parsed(text: Buffer | undefined): unknown {
  return JSON.parse(String(text));
}

/** An order as core writes it. */
function written(time: string): string {
  const id = random + (made++).toString(16).padStart(12, "0");
  return `${beforeId}${id}","time":"${time}","correlationid":"${id}","data":${JSON.stringify(oneOrder)}}`;
}
