import { describe, expect, test } from "vitest";
import { Progress } from "../src/progress.ts";
import { Reservation } from "../src/reservation.ts";
import { Shard } from "../src/shard.ts";

function shardWith(progress: Progress): Shard {
  return new Shard({ topic: "t", partition: 0, level: 0, source: "t", stayMs: undefined, birth: "b", progress });
}

/** What killed its member twice is at 5, and nothing is known of the others. */
function suspicious(): Progress {
  const progress = new Progress(0);
  for (let time = 0; time < 2; time += 1) progress.crashed({ from: 5, to: 6 });
  return progress;
}

function reservationOf(shard: Shard): Reservation {
  const commit = (): Promise<boolean> => {
    shard.commit().done();
    return Promise.resolve(true);
  };
  return new Reservation({ shards: () => [shard], commit, wake: () => undefined });
}

/** What may not yet, may when what was seen to is done. */
async function mayInTheEnd(reservation: Reservation, shard: Shard, offset: number, isTaken: boolean): Promise<boolean> {
  for (let look = 0; look < 10; look += 1) {
    if (reservation.may(shard, offset, isTaken)) return true;
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  return false;
}

describe("a suspect", () => {
  test("waits until nothing else is in hand, and nothing comes beside it", async () => {
    const shard = shardWith(suspicious());
    const reservation = reservationOf(shard);
    expect(await mayInTheEnd(reservation, shard, 0, false)).toBe(true);
    reservation.came(shard);
    expect(await mayInTheEnd(reservation, shard, 5, false)).toBe(false);
    expect(await mayInTheEnd(reservation, shard, 6, false)).toBe(false);
    reservation.went(shard);
    expect(await mayInTheEnd(reservation, shard, 5, false)).toBe(true);
    reservation.came(shard);
    expect(await mayInTheEnd(reservation, shard, 6, true)).toBe(false);
    reservation.went(shard);
    expect(await mayInTheEnd(reservation, shard, 6, false)).toBe(true);
  });

  test("does not hold up what is asked for before it", async () => {
    const shard = shardWith(suspicious());
    const reservation = reservationOf(shard);
    expect(reservation.may(shard, 5, false)).toBe(false);
    expect(await mayInTheEnd(reservation, shard, 2, true)).toBe(true);
    reservation.came(shard);
    reservation.went(shard);
    expect(await mayInTheEnd(reservation, shard, 5, false)).toBe(true);
  });

  test("that is not there any more holds up nobody", async () => {
    const progress = suspicious();
    const shard = shardWith(progress);
    const reservation = reservationOf(shard);
    expect(reservation.may(shard, 5, false)).toBe(false);
    progress.finish(5);
    expect(await mayInTheEnd(reservation, shard, 6, false)).toBe(true);
  });
});

test("less is named at once where members have died, since what is named twice is handled alone", () => {
  const fresh = shardWith(new Progress(0));
  const scarred = shardWith(suspicious());
  for (const shard of [fresh, scarred]) {
    shard.reserve();
    shard.commit().done();
    shard.commit().done();
  }
  const named = (shard: Shard): number =>
    Array.from({ length: 1_000 }, (_, offset) => offset).filter((offset) => shard.isReserved(offset)).length;
  expect(named(fresh)).toBeGreaterThan(named(scarred));
});
