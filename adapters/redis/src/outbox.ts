import {
  type Address,
  inboxAt,
  nameOf,
  type SendResult,
  toWaybillError,
  WaybillError,
  type WireMessage,
} from "@waybill/core";
import { type Answer, CallError, type Calls } from "./calls.ts";
import { inboxKey, tagOf } from "./names.ts";
import type { Route, Routes, Target } from "./routes.ts";
import { inboxSection, joined, type Sections, topicSection } from "./sections.ts";

export interface OutboxOptions {
  readonly namespace: string;
  readonly calls: Calls;
  readonly routes: Routes;
  /** A cluster runs no script over two tags. */
  readonly isCluster: boolean;
}

/** The way out of messages: to topics and queues, to one inbox, to the address of a reply. */
export class Outbox {
  readonly #options: OutboxOptions;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Stores them all or none of them, or it is not known, and then it is the same for all. */
  async send(to: Address, messages: readonly WireMessage[], deadline: number): Promise<SendResult> {
    try {
      for (;;) {
        const answer = await this.#deliver(await this.sections(to, messages, deadline, true), deadline);
        if (answer.said === "ok") return "stored";
        if (answer.said === "gone") throw new CallError("refused", gone(to));
        this.#options.routes.forget(nameIn(to));
      }
    } catch (thrown) {
      if (!(thrown instanceof CallError)) throw thrown;
      return { outcome: thrown.outcome, error: thrown.error };
    }
  }

  /**
   * What messages are to `apply`; more than one part in a cluster alone. `must`: an inbox that is gone refuses the call. Rejects with a
   * `CallError` where there is no way, or no connection by the deadline.
   */
  async sections(
    to: Address,
    messages: readonly WireMessage[],
    deadline: number,
    must: boolean,
  ): Promise<readonly Sections[]> {
    const { routes, isCluster } = this.#options;
    if (to.kind !== "source") {
      const target = this.#targetOf(to);
      if (target === undefined && must) throw new CallError("refused", gone(to));
      return target === undefined ? [] : [inboxSection(target, messages, must)];
    }
    const route = routes.known(to.name) ?? (await this.#routeTo(to.name, deadline));
    if (!isCluster) return [topicSection(route, messages)];
    // Those under other tags first, so that the topic's own part, which says whether these are all its groups, is last (SUB-1).
    const isOwn = ({ base }: Target): boolean => tagOf(base) === tagOf(route.source);
    const others = route.targets.filter((target) => !isOwn(target));
    const own = topicSection({ ...route, targets: route.targets.filter(isOwn) }, messages);
    return [...others.map((target) => inboxSection(target, messages, false)), own];
  }

  async #routeTo(name: string, deadline: number): Promise<Route> {
    const { routes, calls } = this.#options;
    try {
      const route = await calls.ask(deadline, (client) => routes.load(client, name));
      if (route !== undefined) return route;
    } catch (thrown) {
      throw new CallError("refused", toWaybillError(thrown, "UNAVAILABLE"));
    }
    throw new CallError("refused", new WaybillError("NO_ROUTE", `"${name}" was never declared`));
  }

  /** The names it was found by may be out of date. */
  forget(to: Address): void {
    this.#options.routes.forget(nameIn(to));
  }

  async #deliver(parts: readonly Sections[], deadline: number): Promise<Answer> {
    const { calls, isCluster } = this.#options;
    let answer: Answer = { said: "ok", lost: [] };
    for (const { keys, args, count } of isCluster ? parts : [joined(parts)]) {
      answer = await calls.apply(tagOf(keys[0] ?? ""), keys, [count, ...args], deadline);
      if (answer.said !== "ok") return answer;
    }
    return answer;
  }

  #targetOf(to: Exclude<Address, { kind: "source" }>): Target | undefined {
    const { namespace } = this.#options;
    if (to.kind === "inbox") {
      const { inbox } = to;
      return { base: inboxKey(namespace, nameOf(inbox)), ordered: inbox.ordered, levels: inbox.shape.priorities };
    }
    const name = inboxAt(to.to);
    return name && { base: inboxKey(namespace, name), ordered: false, levels: 1 };
  }
}

function nameIn(to: Address): string {
  return to.kind === "source" ? to.name : "";
}

function gone(to: Address): WaybillError {
  if (to.kind === "reply")
    return new WaybillError("NO_ROUTE", `nobody is at the reply address ${JSON.stringify(to.to)} any more`);
  const { group, source } = to.kind === "inbox" ? to.inbox : { group: "", source: to.name };
  return new WaybillError("MISSING", `group "${group}" of "${source}" is not there; declare it`);
}
