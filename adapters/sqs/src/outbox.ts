import type { SendMessageBatchRequestEntry } from "@aws-sdk/client-sqs";
import { type SendResult, WaybillError, type WireMessage } from "@waybill/core";
import type { Api, Failures } from "./api.ts";
import { entryError } from "./errors.ts";
import { errorOf, RequestError } from "./gate.ts";
import { maxDelaySeconds, maxMessageBytes } from "./manifest.ts";
import { idOf } from "./names.ts";
import { attributesOf, type Counts, type Packed, packed } from "./wire.ts";

/** Where a batch goes. */
export interface Target {
  readonly kind: "queue" | "topic";
  readonly at: string;
  readonly ordered: boolean;
  /** It goes with the caller who waits there for replies. */
  readonly fleeting?: true;
}

/** A message, as it is to be sent. */
export interface Parcel {
  readonly message: WireMessage;
  /** Of a message that moves. */
  readonly counts?: Counts | undefined;
  /** It may come up to a second before its time: whoever gets it waits. */
  readonly early?: true | undefined;
  /** In place of its key. */
  readonly group?: string | undefined;
}

interface Entry {
  readonly index: number;
  readonly packed: Packed;
  readonly parcel: Parcel;
  readonly group: string | undefined;
}

const mostEntries = 10;

/** Sends in batches of ten and 1 MiB; what of an ordered target has one key is sent in order, also where some of it fails. */
export class Outbox {
  readonly #api: Api;
  readonly #now: () => number;

  constructor(api: Api, now: () => number) {
    this.#api = api;
    this.#now = now;
  }

  /** One result each, in order. Never rejects. */
  async send(target: Target, parcels: readonly Parcel[], deadline: number): Promise<readonly SendResult[]> {
    const results: SendResult[] = [];
    const entries = parcels.map((parcel, index): Entry => ({
      index,
      parcel,
      packed: packed(parcel.message, parcel.counts),
      group: groupOf(parcel, target),
    }));
    const broken = new Set<string>();
    for (const round of target.ordered ? roundsOf(entries) : [entries]) {
      const going = round.filter(({ index, group = "", packed: { bytes } }) => {
        if (bytes > maxMessageBytes) results[index] = { outcome: "refused", error: tooLarge(bytes) };
        else if (target.ordered && broken.has(group)) results[index] = behind;
        return results[index] === undefined;
      });
      await Promise.all(batchesOf(going).map((batch) => this.#sendBatch(target, batch, deadline, results)));
      if (!target.ordered) continue;
      for (const { index, group = "" } of round) if (results[index] !== "stored") broken.add(group);
    }
    return results;
  }

  async #sendBatch(target: Target, batch: readonly Entry[], deadline: number, results: SendResult[]): Promise<void> {
    const action = target.kind === "queue" ? "sqs:SendMessage" : "sns:Publish";
    try {
      const failures = await this.#request(target, batch, deadline);
      for (const [id, { index }] of batch.entries()) {
        const failure = failures.get(`${id}`);
        results[index] = failure === undefined ? "stored" : { outcome: "refused", error: entryError(failure, action) };
      }
    } catch (thrown) {
      const outcome = thrown instanceof RequestError && thrown.certain ? "refused" : "unknown";
      for (const { index } of batch) results[index] = { outcome, error: routed(errorOf(thrown), target) };
    }
  }

  #request(target: Target, batch: readonly Entry[], deadline: number): Promise<Failures> {
    const entries = batch.map((entry, id) => ({
      Id: `${id}`,
      ...ordering(entry, target.ordered),
      MessageAttributes: attributesOf(entry.packed),
    }));
    if (target.kind === "topic") {
      const messages = entries.map((entry, id) => ({ ...entry, Message: batch[id]?.packed.body ?? "" }));
      return this.#api.publishBatch(target.at, messages, deadline);
    }
    const messages = entries.map((entry, id): SendMessageBatchRequestEntry => ({
      ...entry,
      ...this.#delay(batch[id]?.parcel, target.ordered),
      MessageBody: batch[id]?.packed.body ?? "",
    }));
    return this.#api.sendBatch(target, messages, deadline);
  }

  /** As long as SQS waits by itself; whoever gets it early puts it back. A FIFO queue waits for no single message. */
  #delay(parcel: Parcel | undefined, ordered: boolean): { readonly DelaySeconds?: number } {
    const left = (parcel?.message.deliverAt ?? 0) - this.#now();
    const seconds = parcel?.early === true ? Math.floor(left / 1_000) : Math.ceil(left / 1_000);
    return ordered || seconds <= 0 ? {} : { DelaySeconds: Math.min(seconds, maxDelaySeconds) };
  }
}

const behind: SendResult = {
  outcome: "refused",
  error: new WaybillError("UNAVAILABLE", "sqs: a message of the same key, sent before, was not stored"),
};

function tooLarge(bytes: number): WaybillError {
  const what = `the message has ${bytes} bytes, of 1 MiB that SQS takes`;
  return new WaybillError("TOO_LARGE", `sqs: ${what}; put what is large into a store such as S3 and send where it is`);
}

function groupOf({ message: { key, id }, group }: Parcel, { kind, ordered }: Target): string | undefined {
  if (ordered) return idOf(group ?? key ?? `no key ${id}`);
  return key === undefined || kind === "topic" ? undefined : idOf(key);
}

/** On a queue that is not FIFO a group makes its tenants' shares fair. */
function ordering(
  { group, parcel }: Entry,
  ordered: boolean,
): { readonly MessageGroupId?: string; readonly MessageDeduplicationId?: string } {
  if (group === undefined) return {};
  if (!ordered) return { MessageGroupId: group };
  return { MessageGroupId: group, MessageDeduplicationId: idOf(parcel.message.dedupe) };
}

/** Each key once a round, since of a batch any entry may fail while a later one is stored. */
function roundsOf(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const rounds: Entry[][] = [];
  const next = new Map<string, number>();
  for (const entry of entries) {
    const { group = "" } = entry;
    const round = next.get(group) ?? 0;
    next.set(group, round + 1);
    (rounds[round] ??= []).push(entry);
  }
  return rounds;
}

function batchesOf(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const batches: Entry[][] = [];
  let [batch, bytes]: [Entry[], number] = [[], 0];
  for (const entry of entries) {
    if (batch.length === mostEntries || (batch.length > 0 && bytes + entry.packed.bytes > maxMessageBytes)) {
      batches.push(batch);
      [batch, bytes] = [[], 0];
    }
    batch.push(entry);
    bytes += entry.packed.bytes;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** A queue that is not there is no way for a message. */
function routed(error: WaybillError, { at }: Target): WaybillError {
  if (error.code !== "MISSING") return error;
  return new WaybillError("NO_ROUTE", `${error.message}: ${at}`);
}
