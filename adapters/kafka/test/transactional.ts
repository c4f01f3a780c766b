import { randomUUID } from "node:crypto";
import type { Adapter } from "@waybill/core";
import { vi } from "vitest";
import type { Member as GroupMember, Producer, Transactions } from "../src/driver.ts";
import { kafkaBy } from "../src/kafka.ts";
import { sourceTopic } from "../src/names.ts";
import { platformaticDriver } from "../src/platformatic/driver.ts";
import { declared, type How, inboxOf, letter, Member, rigOn, sent, sourceOf } from "./rig.ts";
import { idsIn, sessionAt } from "./stored.ts";

/* Two queues, a member of the first that sends copies to the second, and what may happen meanwhile. */

export const [from, to] = [sourceOf("from"), sourceOf("to")];
export const inbox = inboxOf(from);

type Calls = {
  readonly [K in keyof Transactions]?: (
    call: Transactions[K],
    ...ask: Parameters<Transactions[K]>
  ) => ReturnType<Transactions[K]>;
};

/** The adapter, with something around the requests of transactions. */
export function around(calls: Calls): Adapter {
  return kafkaBy((settings) => {
    const driver = platformaticDriver(settings);
    return {
      session(timeoutMs) {
        const session = driver.session(timeoutMs);
        const own: Transactions | undefined = session.transactions;
        if (own === undefined) throw new Error("this driver has no transactions");
        const transactions: Transactions = {
          coordinator: (id) => own.coordinator(id),
          begin: (...ask) => own.begin(...ask),
          addPartitions: (...ask) =>
            calls.addPartitions?.((...same) => own.addPartitions(...same), ...ask) ?? own.addPartitions(...ask),
          addGroup: (...ask) => calls.addGroup?.((...same) => own.addGroup(...same), ...ask) ?? own.addGroup(...ask),
          commit: (...ask) => calls.commit?.((...same) => own.commit(...same), ...ask) ?? own.commit(...ask),
          end: (...ask) => calls.end?.((...same) => own.end(...same), ...ask) ?? own.end(...ask),
        };
        return Object.assign(session, { transactions });
      },
    };
  });
}

/** The adapter, whose first member to commit in a transaction is none any more just before. */
export function kickedOnce(url: string): Adapter {
  let isKicked = false;
  return around({
    async commit(call, ...ask) {
      if (!isKicked) {
        isKicked = true;
        await kick(url, ask[2]);
      }
      await call(...ask);
    },
  });
}

export interface Ground extends AsyncDisposable {
  readonly namespace: string;
  readonly rig: Awaited<ReturnType<typeof rigOn>>;
  readonly member: Member;
  /** What lies in the other queue. */
  copies(): Promise<readonly string[]>;
}

interface Over {
  readonly options?: object;
  readonly adapter?: Adapter;
  /** Where the broker is reached, if it is not its own URL. */
  readonly way?: string;
}

/** Two queues, and a member of the first. */
export async function ground(url: string, { options, adapter, way = url }: Over = {}): Promise<Ground> {
  const namespace = `t-${randomUUID()}`;
  const rig = await rigOn(
    way,
    { transactions: true, partitions: 1, ...options },
    { namespace, ...(adapter && { adapter }) },
  );
  await declared(rig, from);
  await declared(rig, to);
  const member = await Member.of(rig, inbox);
  return {
    namespace,
    rig,
    member,
    async copies() {
      // What is behind something that is still open is read when that is done, or given up.
      const mark = letter(`mark ${randomUUID()}`);
      await sent(rig, to, mark);
      return await vi.waitFor(
        async () => {
          const ids = (await idsIn(url, sourceTopic(namespace, "to"))).flat();
          if (!ids.includes(mark.id)) throw new Error("not all of it can be read yet");
          return ids.filter((id) => !id.startsWith("mark ")).toSorted();
        },
        { timeout: 10_000 },
      );
    },
    async [Symbol.asyncDispose]() {
      await member.receiver.close();
      await rig[Symbol.asyncDispose]();
    },
  };
}

export const copy = (id: string): How => ({ outcome: "ack", sends: [[to, letter(id)]] });

/** Begins under somebody's transactional id. */
export async function fence(url: string, id: string): Promise<Producer> {
  await using session = sessionAt(url);
  const { transactions } = session;
  if (transactions === undefined) throw new Error("this driver has no transactions");
  // What is being ended has to be ended first.
  return await vi.waitFor(async () => transactions.begin(await transactions.coordinator(id), id, 10_000), {
    timeout: 10_000,
    interval: 5,
  });
}

/** Has a group go on without one of its members. */
export async function kick(url: string, member: GroupMember): Promise<void> {
  await using session = sessionAt(url);
  await session.view([]);
  await session.leave(await session.coordinator(member.group), member);
}

/** Nothing that was handled comes again. */
export async function isOver({ rig, member }: Ground): Promise<void> {
  await member.receiver.close();
  await using next = await Member.of(rig, inbox);
  await sent(rig, from, "last");
  await next.has("last");
}
