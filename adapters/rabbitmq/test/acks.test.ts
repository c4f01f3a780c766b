import { describe, expect, test } from "vitest";
import { Acks } from "../src/acks.ts";

/** What went out: the number, with a "+" where it stands for all before it too. */
function written(): { readonly acks: Acks; readonly frames: string[] } {
  const frames: string[] = [];
  const acks = new Acks({
    ack: ({ fields }, allUpTo) => void frames.push(`${fields.deliveryTag}${allUpTo ? "+" : ""}`),
  });
  return { acks, frames };
}

function holding(count: number): ReturnType<typeof written> {
  const made = written();
  for (let tag = 1; tag <= count; tag += 1) made.acks.delivered(tag);
  return made;
}

describe("acks", () => {
  test("one frame stands for all that is done before the first that is not", () => {
    const { acks, frames } = holding(10);
    acks.ack([3, 1, 2, 4]);
    acks.ack([5, 6, 7, 8, 9, 10]);
    expect(frames).toEqual(["4+", "10+"]);
  });

  test("one frame stands for a hundred at most", () => {
    const { acks, frames } = holding(250);
    acks.ack(Array.from({ length: 250 }, (_, index) => index + 1));
    expect(frames).toEqual(["100+", "200+", "250+"]);
  });

  test("what is done behind one that is not is acked by itself, and once", () => {
    const { acks, frames } = holding(5);
    acks.ack([2, 4]);
    acks.ack([1]);
    acks.ack([3, 5]);
    expect(frames).toEqual(["2", "4", "1", "5+"]);
  });

  test("a frame names a number that the server still holds", () => {
    const { acks, frames } = holding(4);
    acks.ack([3]);
    acks.drop(2);
    acks.ack([1]);
    acks.ack([4]);
    expect(frames).toEqual(["3", "1", "4"]);
  });

  test("what was given back or acked is not acked again", () => {
    const { acks, frames } = holding(3);
    acks.drop(1);
    acks.ack([1, 2]);
    acks.ack([2]);
    expect(frames).toEqual(["2"]);
  });
});
