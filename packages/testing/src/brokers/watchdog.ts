import { spawn } from "node:child_process";
import type { Writable } from "node:stream";

/** Its input ends when this process does. The last line before says what is to be cleared up then. */
const script = `
  group=
  while read -r line; do group=$line; done
  if [ "$group" = none ]; then exit; fi
  if [ -n "$group" ]; then kill -KILL "-$group"; fi
  rm -rf -- "$1"`;

/**
 * Clears up after this process should it die without having done so, also by SIGKILL: kills the process group it guards and
 * removes a directory. It is a shell, since the system closes a pipe for a process that cannot do anything any more.
 */
export class Watchdog {
  readonly #input: Writable;

  constructor(directory: string) {
    const shell = spawn("/bin/sh", ["-c", script, "waybill-watchdog", directory], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    // Neither keeps this process alive. A shell that does not start or is killed only costs the clearing up.
    shell.unref();
    (shell.stdin as Writable & { unref(): void }).unref();
    shell.on("error", () => undefined);
    shell.stdin.on("error", () => undefined);
    this.#input = shell.stdin;
  }

  /** Guards this process group instead of the one before; none, until the next call, if there is none. */
  guard(group: number | undefined): void {
    this.#input.write(`${group ?? ""}\n`);
  }

  /** All is cleared up: the watchdog ends. */
  end(): void {
    this.#input.end("none\n");
  }
}
