import type { Session } from "../src/driver.ts";
import { platformaticDriver } from "../src/platformatic/driver.ts";
import { settingsOf } from "../src/url.ts";
import { messageOf } from "../src/wire.ts";

/** The ids of what lies in a topic and was not given up, partition by partition. */
export async function idsIn(url: string, topic: string): Promise<readonly (readonly string[])[]> {
  await using session = sessionAt(url);
  const leaders = await leadersOf(session, topic);
  return await Promise.all(leaders.map((leader, partition) => idsOf(session, leader, { topic, partition })));
}

async function idsOf(
  session: Session,
  leader: number,
  at: { readonly topic: string; readonly partition: number },
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let [offset, end] = [0, 1]; offset < end;) {
    const ask = { ...at, offset, maxBytes: 1_000_000 };
    const [fetched] = await session.fetch(leader, [ask], { waitMs: 10, maxBytes: 1_000_000 });
    if (fetched === undefined) throw new Error("there was no answer");
    ids.push(...fetched.records.map((record) => messageOf(record, { ...at, source: "" }).id));
    [offset, end] = [fetched.next, fetched.end];
  }
  return ids;
}

export async function leadersOf(session: Session, topic: string): Promise<readonly number[]> {
  const { topics } = await session.view([topic]);
  return (topics.get(topic) ?? []).map(({ leader }) => leader);
}

export function sessionAt(url: string): Session & AsyncDisposable {
  const session = platformaticDriver(settingsOf(new URL(url), {})).session(10_000);
  return Object.assign(session, { [Symbol.asyncDispose]: () => session.close() });
}
