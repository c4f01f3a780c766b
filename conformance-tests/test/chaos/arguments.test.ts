import { expect, test } from "vitest";
import { parseChaos } from "../../src/chaos/arguments.ts";

test("without arguments it is a minute of all faults on SQLite, which has no link and no server", () => {
  expect(parseChaos([])).toMatchObject({
    url: undefined,
    broker: undefined,
    module: "@waybill/sqlite",
    minutes: 1,
    strikes: Infinity,
    faults: ["kill", "pause"],
  });
});

test("reads what it is given, and the module from the URL", () => {
  const args = "--url redis://localhost --minutes 0.5 --strikes 50 --faults kill --seed 7 --lease 300 --json h.json";
  expect(parseChaos(args.split(" "))).toEqual({
    url: "redis://localhost",
    broker: undefined,
    module: "@waybill/redis",
    minutes: 0.5,
    strikes: 50,
    faults: ["kill"],
    seed: 7,
    options: { leaseMs: 300 },
    json: "h.json",
    judge: undefined,
  });
});

test.each([
  [["--url", "sqlite:/tmp/run.db"], "@waybill/sqlite", ["kill", "pause"]],
  [["--url", "redis://localhost:6379"], "@waybill/redis", ["kill", "pause", "cut", "drop-reply", "blackhole"]],
  [["--url", "rediss://localhost:6379", "--faults", "cut"], "@waybill/redis", ["cut"]],
  [["--url", "amqp://localhost", "--faults", "cut, pause"], "@waybill/rabbitmq", ["cut", "pause"]],
  [["--url", "nats://localhost", "--module", "mine", "--faults", "cut"], "mine", ["cut"]],
  [["--broker", "redis"], "@waybill/redis", ["kill", "pause", "cut", "drop-reply", "blackhole", "restart"]],
])("%j is of %s and has %j", (args, module, faults) => {
  expect(parseChaos(args)).toMatchObject({ module, faults });
});

test("a lease is what each carrier has of it", () => {
  expect(parseChaos(["--broker", "rabbitmq", "--lease", "1500"]).options).toEqual({ heartbeatMs: 2_000 });
  expect(parseChaos(["--broker", "rabbitmq"]).options).toEqual({ heartbeatMs: 1_000 });
  expect(parseChaos(["--broker", "sqs"]).options).toEqual({ leaseMs: 4_000, waitMs: 1_000 });
  expect(parseChaos(["--broker", "kafka"]).options).toMatchObject({ leaseMs: 2_000, tunnel: true });
});

test.each([
  [["--faults", "kill,flood"], /no fault "flood"; known are kill, pause, cut, drop-reply, blackhole, restart$/],
  [["--faults", "cut"], /no fault "cut" of sqlite here; it has kill, pause$/],
  [["--url", "sqlite:///tmp/a.db", "--faults", "restart"], /no fault "restart" of sqlite here; it has kill, pause$/],
  [
    ["--url", "redis://h:1", "--faults", "restart"],
    /of redis here; .*; --broker starts a server that can be restarted$/,
  ],
  [["--broker", "mosquitto"], /--broker is "mosquitto"; known are redis, rabbitmq, kafka, sqs/],
  [["--broker", "redis", "--url", "redis://h"], /--url and --broker are given; give one of them/],
  [["--minutes", "0"], /--minutes is "0"/],
  [["--seed", "x"], /--seed is "x"/],
  [["--kills", "5"], /--kills/],
])("%j is refused", (args, message) => {
  expect(() => parseChaos(args)).toThrow(message);
});

test("the carrier's other settings are given one by one, and win", () => {
  const { options } = parseChaos(["--broker", "kafka", "--set", "driver=kafkajs", "--set", "leaseMs=3000"]);
  expect(options).toMatchObject({ driver: "kafkajs", leaseMs: 3_000, tunnel: true });
  expect(() => parseChaos(["--set", "driver"])).toThrow("--set name=value");
});
