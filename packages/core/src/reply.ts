import type { AnyDefinition, Definition } from "./definition.ts";
import { unchecked } from "./internal.ts";

/** The header in which a request says where its reply goes: the address of a receiver. */
export const replyToHeader = "waybill-reply-to";

/** What a failed request is answered with: never a stack, which would tell strangers how we are built. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

/** The type of the replies to a call that say that it has failed. */
export function failureOf(requests: AnyDefinition): Definition<Failure, Failure> {
  return unchecked<Failure>(`${requests.name}.error`);
}

/** The id of the reply to a request: the same however often it is sent, so that a second one is known. */
export function replyId(requestId: string): string {
  return `${requestId}.reply`;
}
