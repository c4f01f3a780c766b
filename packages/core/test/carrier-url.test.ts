import { describe, expect, test } from "vitest";
import { carrierUrl } from "../src/carrier-url.ts";

describe("the URL of a carrier", () => {
  test("is what it says", () => {
    expect(carrierUrl("memory:")?.href).toBe("memory:");
    expect(carrierUrl("amqp://u:p@h1,h2:5672/v")?.href).toBe("amqp://u:p@h1,h2:5672/v");
  });

  test("may name hosts with a port each", () => {
    const url = carrierUrl("kafka://u:p@h1:9092,h2,h3:9093?x=1");
    expect(url).toMatchObject({
      hostname: "h1%3A9092,h2,h3",
      port: "9093",
      username: "u",
      password: "p",
      search: "?x=1",
    });
  });

  test.each(["", "nonsense", "://", "kafka://h1:port,h2:9092", "kafka://h1:9092,h2:port", "http://[::1"])(
    "is not %j",
    (text) => {
      expect(carrierUrl(text)).toBeUndefined();
    },
  );
});
