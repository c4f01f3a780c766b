import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a request of SQS's JSON protocol says. */
export interface Asked {
  /** Such as `SendMessageBatch`; of SNS, which speaks another protocol, the action of its form. */
  readonly action: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Epoch ms. */
  readonly signedAt: number;
  /** Asks the server, with another body where one is given; resolves to what it answers. */
  readonly pass: (body?: Readonly<Record<string, unknown>>) => Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is answered in the server's place; `lost`: nothing, and the connection is cut. Undefined: the rule is about others. */
export type Rule = (asked: Asked) => Promise<Answer | "lost"> | undefined;

interface Entry {
  readonly Id: string;
}

/** Understands what AWS is asked, and does to the answers what AWS does and no emulator can. */
export class AwsProxy implements AsyncDisposable {
  /** The actions that were asked for, in order. */
  readonly asked: string[] = [];
  readonly #to: string;
  readonly #server: Server;
  #rules: readonly Rule[] = [];

  private constructor(to: string) {
    this.#to = to;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Before the server of a URL of ours. */
  static async before(url: string): Promise<AwsProxy> {
    const proxy = new AwsProxy(new URL(url).searchParams.get("endpoint") ?? "");
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `sqs://us-east-1?endpoint=http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on, until it is taken back. */
  rule(rule: Rule): () => void {
    this.#rules = [...this.#rules, rule];
    return () => void (this.#rules = this.#rules.filter((one) => one !== rule));
  }

  /** For the next `times` requests of an action. */
  next(action: string, rule: (asked: Asked) => Promise<Answer | "lost">, times = 1): void {
    let left = times;
    this.rule((asked) => {
      if (asked.action !== action || left === 0) return undefined;
      left -= 1;
      return rule(asked);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => void this.#server.close(resolve));
  }

  /** The first rule that is about it. */
  #ruled(asked: Asked): Promise<Answer | "lost"> | undefined {
    for (const rule of this.#rules) {
      const answer = rule(asked);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks).toString();
    const target = request.headers["x-amz-target"];
    const isJson = typeof target === "string";
    const action = isJson ? target.slice(target.indexOf(".") + 1) : (new URLSearchParams(raw).get("Action") ?? "");
    this.asked.push(action);
    const send = async (body: string): Promise<{ readonly status: number; readonly text: string }> => {
      const headers = {
        "content-type": request.headers["content-type"] ?? "",
        ...(isJson ? { "x-amz-target": target } : {}),
      };
      const authorization = { authorization: request.headers["authorization"] ?? "" };
      const answer = await fetch(this.#to, { method: "POST", headers: { ...headers, ...authorization }, body });
      return { status: answer.status, text: await answer.text() };
    };
    try {
      const asked: Asked = {
        action,
        signedAt: timeOf(String(request.headers["x-amz-date"])),
        body: isJson ? (JSON.parse(raw) as Record<string, unknown>) : {},
        pass: async (body) => {
          const { status, text } = await send(body === undefined ? raw : JSON.stringify(body));
          return { status, body: JSON.parse(text) as Record<string, unknown> };
        },
      };
      const answer = await this.#ruled(asked);
      if (answer === "lost") return void request.socket.destroy();
      const { status, text } =
        answer === undefined ? await send(raw) : { status: answer.status, text: JSON.stringify(answer.body) };
      const type = { "content-type": isJson ? "application/x-amz-json-1.0" : "text/xml" };
      response.writeHead(status, { ...type, ...answer?.headers });
      response.end(text);
    } catch {
      request.socket.destroy();
    }
  }
}

/** `20260102T030405Z` */
function timeOf(written: string): number {
  const [year, month, day, hour, minute, second] = (written.match(/\d\d\d\d(?=\d{4}T)|\d\d/g) ?? []).map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

/** The service refuses the request. */
export function refusing(type: string, status = 400): () => Promise<Answer> {
  return async () => ({ status, body: { __type: `com.amazonaws.sqs#${type}`, message: `${type} was played` } });
}

/** Some entries of a batch fail, all others pass. */
export function failing(
  which: (entry: Readonly<Record<string, unknown>>, index: number) => boolean,
  failure: { readonly Code: string; readonly SenderFault: boolean },
): (asked: Asked) => Promise<Answer> {
  return async ({ body, pass }) => {
    const entries = body["Entries"] as readonly (Entry & Record<string, unknown>)[];
    const ids = new Set(entries.filter(which).map(({ Id }) => Id));
    const passing = entries.filter(({ Id }) => !ids.has(Id));
    const failed = [...ids].map((Id) => ({ Id, ...failure }));
    const answer = passing.length === 0 ? { status: 200, body: {} } : await pass({ ...body, Entries: passing });
    const there = (answer.body["Failed"] ?? []) as readonly object[];
    return { status: answer.status, body: { ...answer.body, Failed: [...there, ...failed] } };
  };
}

/** It is done, and nobody hears of it. */
export async function losing({ pass }: Asked): Promise<"lost"> {
  await pass();
  return "lost";
}
