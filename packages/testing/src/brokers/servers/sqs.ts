import type { BrokerOptions } from "../broker.ts";
import type { Server } from "../server.ts";

export interface SqsOptions extends BrokerOptions {
  /**
   * Which emulator: `"elasticmq"` (default) is strict and keeps its messages, and has no SNS; `"fauxqs"` has SNS, is
   * started natively alone and comes by `npm i -D fauxqs`. Where it is given, a URL from the environment is passed over.
   */
  readonly server?: "elasticmq" | "fauxqs" | undefined;
  /**
   * `false`: what it holds is gone with it, and it is faster. fauxqs 2.4.1 loses a message that is given back at once (a visibility of
   * 0) where it keeps them. Default true.
   */
  readonly keeps?: boolean | undefined;
}

const timeoutMs = 2000;

/** What all servers of SQS have in common. */
export const sqs: Pick<Server<SqsOptions>, "kind" | "suitsAny" | "urlOf" | "probe"> = {
  kind: "sqs",

  suitsAny: ({ port, server, keeps }) => port === undefined && server === undefined && keeps === undefined,
  urlOf: ({ host, port }) => `sqs://us-east-1?endpoint=http://${host}:${port}`,

  /** Any answer to ListQueues shows that it is there, also that this caller is not allowed to ask. */
  async probe(url) {
    const { hostname, searchParams } = new URL(url);
    const response = await fetch(searchParams.get("endpoint") ?? `https://sqs.${hostname}.amazonaws.com`, {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.ListQueues" },
      body: "{}",
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.arrayBuffer();
    if (response.status >= 500) throw new Error(`the server answers with status ${response.status}`);
    return "";
  },
};
