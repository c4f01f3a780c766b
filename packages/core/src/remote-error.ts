import { WaybillError } from "./errors.ts";
import type { Failure } from "./reply.ts";

/** A request was answered with an error: code `REMOTE`. What went wrong there is in `remote`, its stack stays there (RPC-1). */
export class RemoteError extends WaybillError {
  /** The name and the message of the error that ended the handling. */
  readonly remote: Failure;

  constructor(call: string, remote: Failure) {
    super("REMOTE", `call "${call}" has failed there: ${remote.name}: ${remote.message}`);
    this.remote = remote;
  }
}
