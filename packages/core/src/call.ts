import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Codec } from "./codec.ts";
import type { Definition } from "./definition.ts";
import { queue, type Queue } from "./queue.ts";

/** A question with an answer: a queue of requests, and what a reply looks like. */
export interface Call<RequestIn, RequestOut, ReplyIn, ReplyOut> {
  readonly name: string;
  /** The queue the requests wait in, in the call's own name: its depth and dead letters are the call's. */
  readonly request: Queue<RequestIn, RequestOut, false>;
  /** Never sent to by its name: a reply goes to whoever asked. */
  readonly reply: Definition<ReplyIn, ReplyOut, false>;
}

export interface CallOptions<Request extends StandardSchemaV1, Reply extends StandardSchemaV1> {
  readonly request: Request;
  readonly reply: Reply;
  /** Of both. Default `json`. */
  readonly codec?: Codec | undefined;
}

/**
 * Defines a call. It has no connection: define it once, in a module that both sides share.
 * @throws TypeError for a name or a schema that cannot be used
 */
export function call<Request extends StandardSchemaV1, Reply extends StandardSchemaV1>(
  name: string,
  { request, reply, codec }: CallOptions<Request, Reply>,
): Call<
  StandardSchemaV1.InferInput<Request>,
  StandardSchemaV1.InferOutput<Request>,
  StandardSchemaV1.InferInput<Reply>,
  StandardSchemaV1.InferOutput<Reply>
> {
  return {
    name,
    request: queue(name, { schema: request, codec }),
    reply: queue(`${name}.reply`, { schema: reply, codec }),
  };
}
