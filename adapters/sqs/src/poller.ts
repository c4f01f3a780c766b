import { randomUUID } from "node:crypto";
import type { Message } from "@aws-sdk/client-sqs";
import type { WaybillError, Room } from "@waybill/core";
import { errorOf, isGone } from "./gate.ts";
import type { Shared } from "./shared.ts";

/** What of a poll's messages there may be at most. */
const mostAtOnce = 10;
/** Polls under way at once, at most. */
const mostPolls = 32;

export interface PollerOptions {
  readonly shared: Shared;
  /** The URLs of the inbox's queues, the lowest priority first. */
  readonly levels: readonly string[];
  readonly ordered: boolean;
  readonly room: () => Room;
  readonly took: (messages: readonly Message[], level: number) => void;
  /** The queue is not there any more; resolves to whether it is again. */
  readonly gone: (error: WaybillError) => Promise<boolean>;
}

/**
 * Asks for messages: with one long poll while there are none, with twice as many each time one came back full, never for more than there
 * is room for. A poll is never given up: what SQS has assigned to it would be hidden from everybody for a lease.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #under = new Set<Promise<void>>();
  /** Slots that polls under way may fill. */
  #reserved = 0;
  #wanted = 1;
  #failures = 0;
  #isPaused = false;
  #state: "open" | "stopped" = "open";
  /** Of bodies, as they have been lately. */
  #usualBytes = 1_024;
  answeredAt: number;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.answeredAt = options.shared.context.clock.now();
  }

  /** Starts the polls that there is room for. */
  nudge(): void {
    const most = this.#options.levels.length > 1 ? 1 : Math.min(this.#wanted, mostPolls);
    while (this.#state === "open" && !this.#isPaused && this.#under.size < most) {
      const count = this.#count();
      if (count <= 0) return;
      this.#reserved += count;
      const poll = this.#poll(count).finally(() => {
        this.#under.delete(poll);
        this.#reserved -= count;
        this.nudge();
      });
      this.#under.add(poll);
    }
  }

  /** Begins no more; resolves when the last poll has come back. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    await Promise.all(this.#under);
  }

  /** A message that stays hidden locks its key, so of an ordered inbox each is received alone. */
  #count(): number {
    const { count, bytes, alone } = this.#options.room();
    const byBytes = Math.max(Math.floor(bytes / this.#usualBytes), alone && this.#reserved === 0 ? 1 : 0);
    return Math.min(this.#options.ordered ? 1 : mostAtOnce, Math.min(count, byBytes) - this.#reserved);
  }

  async #poll(count: number): Promise<void> {
    try {
      const got = await this.#receive(count);
      this.#failures = 0;
      this.answeredAt = this.#options.shared.context.clock.now();
      if (got === count) this.#wanted = Math.min(this.#under.size * 2, mostPolls);
      else if (got === 0) this.#wanted = 1;
    } catch (thrown) {
      await this.#failed(thrown);
    }
  }

  /** The highest priority first; where nothing waits the lowest queue is waited at, for a second. */
  async #receive(count: number): Promise<number> {
    const { levels, shared } = this.#options;
    for (let level = levels.length - 1; level > 0; level -= 1) {
      const got = await this.#ask(level, count, 0);
      if (got > 0) return got;
    }
    const waitMs = levels.length > 1 ? 1_000 : shared.settings.waitMs;
    return this.#ask(0, count, this.#under.size > 1 ? Math.min(waitMs, 1_000) : waitMs);
  }

  async #ask(level: number, count: number, waitMs: number): Promise<number> {
    const { levels, shared, ordered, took } = this.#options;
    const messages = await shared.api.receive({
      QueueUrl: levels[level] ?? "",
      MaxNumberOfMessages: count,
      WaitTimeSeconds: waitMs / 1_000,
      VisibilityTimeout: shared.settings.leaseMs / 1_000,
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["ApproximateReceiveCount", "SentTimestamp", "MessageGroupId"],
      ...(ordered ? { ReceiveRequestAttemptId: randomUUID() } : {}),
    });
    for (const { Body = "" } of messages) this.#usualBytes = Math.ceil((this.#usualBytes * 7 + Body.length) / 8);
    if (messages.length > 0) took(messages, level);
    return messages.length;
  }

  async #failed(thrown: unknown): Promise<void> {
    const { shared, gone } = this.#options;
    const { clock, backoff } = shared.context;
    if (isGone(thrown) && !(await gone(errorOf(thrown)))) {
      this.#state = "stopped";
      return;
    }
    this.#wanted = 1;
    this.#failures += 1;
    this.#isPaused = true;
    await new Promise<void>((resolve) => void clock.after(backoff(this.#failures), resolve));
    this.#isPaused = false;
  }
}
