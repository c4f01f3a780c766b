import { WaybillError } from "@waybill/core";
import { describe, expect, test } from "vitest";
import { Flight } from "../src/flight.ts";

const refusal = { outcome: "refused", error: new WaybillError("NO_ROUTE", "no queue") } as const;

describe("a flight", () => {
  test("is stored when each of its messages is confirmed, in any order, one by one or many at once", async () => {
    const flight = new Flight(5, 6);
    flight.settle(8, undefined);
    flight.settleTo(7, undefined);
    expect(flight.isOver).toBe(false);
    flight.settleTo(20, undefined);
    expect(flight.isOver).toBe(true);
    expect(await flight.done).toEqual(Array.from({ length: 6 }, () => "stored"));
  });

  test("what came back is refused though it is confirmed, and its neighbours are stored", async () => {
    const flight = new Flight(1, 3);
    flight.mark(2, refusal);
    flight.settleTo(3, undefined);
    expect(await flight.done).toEqual(["stored", refusal, "stored"]);
  });

  test("the first answer counts, and what has none at the end is unknown", async () => {
    const error = new WaybillError("UNAVAILABLE", "the channel is closed");
    const flight = new Flight(1, 3);
    flight.settle(1, undefined);
    flight.settle(1, refusal);
    flight.end(error);
    flight.settle(3, undefined);
    expect(await flight.done).toEqual(["stored", { outcome: "unknown", error }, { outcome: "unknown", error }]);
  });
});
