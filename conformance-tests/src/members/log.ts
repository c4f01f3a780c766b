import type { Handling } from "../recorder.ts";
import type { End, Hear, MemberEvent } from "./member.ts";

/** What a member has told so far. */
export class MemberLog {
  readonly began: Handling[] = [];
  readonly ends: End[] = [];
  readonly aborted: number[] = [];
  group = "";
  readonly #ready = Promise.withResolvers<void>();
  readonly #pass: Hear;
  readonly #published = new Map<number, PromiseWithResolvers<void>>();
  #refs = 0;

  constructor(hear: Hear = () => undefined) {
    this.#pass = hear;
    this.#ready.promise.catch(() => undefined);
  }

  get done(): readonly number[] {
    return this.ends.map(({ n }) => n);
  }

  /** Resolves once the member takes messages; rejects if it could not. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  readonly hear = (event: MemberEvent): void => {
    if (event.kind === "history" || event.kind === "wants") this.#pass(event);
    else if (event.kind === "began") this.began.push(event.handling);
    else if (event.kind === "done") this.ends.push(event.end);
    else if (event.kind === "aborted") this.aborted.push(event.n);
    else if (event.kind === "ready") {
      this.group = event.group;
      this.#ready.resolve();
    } else if (event.kind === "failed") this.#ready.reject(new Error(`the member did not start: ${event.error}`));
    else this.#confirm(event.ref, event.error);
  };

  /** The reference of a publish, and when it is confirmed. */
  expectPublished(): { readonly ref: number; readonly confirmed: Promise<void> } {
    const ref = this.#refs++;
    const pending = Promise.withResolvers<void>();
    this.#published.set(ref, pending);
    return { ref, confirmed: pending.promise };
  }

  #confirm(ref: number, error: string | undefined): void {
    if (error === undefined) this.#published.get(ref)?.resolve();
    else this.#published.get(ref)?.reject(new Error(error));
    this.#published.delete(ref);
  }
}
