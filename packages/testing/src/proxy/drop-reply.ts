import type { Course } from "./course.ts";

export interface DropReplyOptions {
  /** The request whose reply is dropped has this text in it, such as a message's id. Default: the next request, whatever it is. */
  readonly when?: string | undefined;
  /**
   * The connection is cut when the server has answered and then said nothing for so many ms, in which it does what else had been
   * asked. Default 20.
   */
  readonly quietMs?: number | undefined;
}

/** Resolves to true when a reply has been dropped and its connection is closed. */
export function dropReply(toServer: Course, { when, quietMs = 20 }: DropReplyOptions): Promise<true> {
  const sign = when === undefined ? { bytes: 1 } : { text: when };
  return new Promise((resolve) => {
    // Before the request's last byte goes, since the reply may be there as soon as it has gone.
    toServer.before(sign, (connection) => {
      let quiet: NodeJS.Timeout | undefined;
      connection.swallow("toClient", () => {
        clearTimeout(quiet);
        quiet = setTimeout(() => connection.cut(), quietMs);
      });
      void connection.closed.then(() => resolve(true));
    });
  });
}
