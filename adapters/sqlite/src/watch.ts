import { type FSWatcher, watch } from "node:fs";

/**
 * Hears from the system that somebody writes to the database's log, so that a quiet connection need not look for it all the
 * time. Not every file system tells, so it only makes looking sooner, never needless.
 */
export class Watch {
  readonly #file: string;
  readonly #heard: () => void;
  #watcher: FSWatcher | undefined;

  /** `heard` is called once for each `listen`. The write may not be committed yet. */
  constructor(file: string, heard: () => void) {
    this.#file = `${file}-wal`;
    this.#heard = heard;
  }

  /** Safe to repeat. */
  listen(): void {
    if (this.#watcher !== undefined) return;
    try {
      this.#watcher = watch(this.#file, () => {
        if (this.#watcher === undefined) return;
        this.close();
        this.#heard();
      });
      this.#watcher.on("error", () => this.close());
    } catch {
      // There is no log yet, or the system has no more watches: then it is looked for.
    }
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
