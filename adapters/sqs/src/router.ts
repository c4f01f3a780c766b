import { type Address, type Place, type SendResult, WaybillError, type WireMessage } from "@waybill/core";
import { errorOf } from "./gate.ts";
import { prefixOf } from "./names.ts";
import type { Target } from "./outbox.ts";
import type { Topology } from "./topology.ts";

/** Finds the queue or topic of an address, and remembers it until a send or a declaration says otherwise. */
export class Router {
  readonly #topology: Topology;
  readonly #namespace: string;
  readonly #hasTopics: boolean;
  readonly #targets = new Map<string, readonly Target[]>();

  constructor(topology: Topology, namespace: string, hasTopics: boolean) {
    this.#topology = topology;
    this.#namespace = namespace;
    this.#hasTopics = hasTopics;
  }

  /** Sends each message to the queue of its priority. One result each, in order. */
  async send(
    to: Address,
    messages: readonly WireMessage[],
    work: (target: Target, batch: readonly WireMessage[]) => Promise<readonly SendResult[]>,
  ): Promise<readonly SendResult[]> {
    let targets: readonly Target[];
    try {
      targets = await this.#targetsOf(to);
    } catch (thrown) {
      const error = routed(errorOf(thrown));
      return messages.map(() => ({ outcome: "refused", error }));
    }
    const results: SendResult[] = [];
    await Promise.all(
      targets.map(async (target, level) => {
        const isLast = level === targets.length - 1;
        const mine = messages.flatMap((message, index) =>
          message.priority === level || (isLast && message.priority > level) ? [index] : [],
        );
        if (mine.length === 0) return;
        const batch = mine.flatMap((index) => messages[index] ?? []);
        const said = await work(target, batch);
        for (const [place, index] of mine.entries()) results[index] = said[place] ?? "stored";
      }),
    );
    // What was removed may be there anew, or has to be declared.
    if (results.some((result) => result !== "stored" && result.error.code === "NO_ROUTE"))
      this.#targets.delete(keyOf(to));
    return results;
  }

  /** Where one message goes that has no priority. @throws WaybillError */
  async targetOf(to: Address): Promise<Target> {
    const [target] = await this.#targetsOf(to);
    if (target === undefined) throw new WaybillError("NO_ROUTE", "sqs: there is no such place");
    return target;
  }

  forget(place: Place): void {
    this.#targets.delete(keyOf(place.kind === "source" ? place : { kind: "inbox", inbox: place.inbox }));
  }

  async #targetsOf(to: Address): Promise<readonly Target[]> {
    const key = keyOf(to);
    const known = this.#targets.get(key);
    if (known !== undefined) return known;
    const targets = await this.#find(to);
    this.#targets.set(key, targets);
    return targets;
  }

  async #find(to: Address): Promise<readonly Target[]> {
    if (to.kind === "reply") return [await this.#reply(to.to)];
    if (to.kind === "source" && to.shape.kind === "topic") return [await this.#topic(to)];
    const inbox =
      to.kind === "inbox"
        ? to.inbox
        : { source: to.name, shape: to.shape, group: to.name, ordered: to.shape.ordered, ephemeral: false };
    const { levels } = await this.#topology.queuesOf(inbox);
    return levels.map((at) => ({ kind: "queue", at, ordered: inbox.ordered }));
  }

  /** A reply's address is the name of a queue, of this namespace; it comes from the wire (FLT-3). */
  async #reply(name: string): Promise<Target> {
    if (!name.startsWith(prefixOf(this.#namespace)) || !/^[\w-]{1,75}(\.fifo)?$/.test(name))
      throw new WaybillError("NO_ROUTE", "sqs: the address of the reply is none of this namespace");
    const at = await this.#topology.urlOf(name, "the receiver of the reply");
    return { kind: "queue", at, ordered: false, fleeting: true };
  }

  async #topic(source: Address & { readonly kind: "source" }): Promise<Target> {
    if (!this.#hasTopics) throw new WaybillError("UNSUPPORTED", `topic "${source.name}": there is no SNS here`);
    const { topics } = this.#topology;
    const at = topics.known(source) ?? (await topics.find(source));
    if (at === undefined) throw new WaybillError("NO_ROUTE", `topic "${source.name}" was never declared`);
    return { kind: "topic", at, ordered: source.shape.ordered };
  }
}

/** An address with no such queue or topic is no way for a message. */
function routed(error: WaybillError): WaybillError {
  return error.code === "MISSING" ? new WaybillError("NO_ROUTE", error.message) : error;
}

function keyOf(to: Address): string {
  if (to.kind === "reply") return `reply ${to.to}`;
  if (to.kind === "source") return JSON.stringify([to.name, to.shape]);
  const { source, group, shape, ordered, ephemeral } = to.inbox;
  return JSON.stringify([source, shape, group, ordered, ephemeral]);
}
