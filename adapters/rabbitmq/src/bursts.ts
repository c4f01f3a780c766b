import process from "node:process";
import type { Writable } from "node:stream";

/** From now on, what is written to the stream in one turn goes to the system at once: amqplib writes each message by itself. */
export function inBursts(stream: Writable): void {
  const write = stream.write.bind(stream) as (...args: readonly unknown[]) => boolean;
  let isCorked = false;
  const uncork = (): void => {
    isCorked = false;
    stream.uncork();
  };
  stream.write = (...args: readonly unknown[]): boolean => {
    if (!isCorked) {
      isCorked = true;
      stream.cork();
      process.nextTick(uncork);
    }
    return write(...args);
  };
}
