import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { inspect } from "node:util";
import { containing } from "@waybill/test-servers";
import { type Broker, faultProxy } from "@waybill/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openBlocking } from "../src/client.ts";
import { isCertain, toError } from "../src/errors.ts";
import { opened, refusalOf, settingsFor, urlWith } from "./connection.ts";
import { describeRedis, startServer } from "./start-server.ts";

const echo = { lua: "return {KEYS[1], ARGV[1], ARGV[2], 1}" };
const append = { lua: "return redis.call('RPUSH', KEYS[1], ARGV[1])" };

describeRedis("a client", () => {
  let server: Broker;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  test("gives replies as they come, bulk strings as Buffers, whatever kind of bytes went in", async () => {
    await using connection = await opened(settingsFor(server.url));
    const { client } = connection;
    await client.command("HSET", ["hash", "f", Uint8Array.of(0, 255, 13, 10).subarray(1, 3)]);
    expect(await client.command("HGETALL", ["hash"])).toEqual([Buffer.from("f"), Buffer.of(255, 13)]);
    const reply = [Buffer.from("k"), Buffer.of(1, 255), Buffer.from("7"), 1];
    for (const _ of [1, 2]) expect(await client.run(echo, ["k"], [Buffer.of(1, 255), 7])).toEqual(reply);
    expect(await client.command("GET", ["none"])).toBeNull();
  });

  test("runs a script that the server has forgotten, in the order in which it was sent", async () => {
    await using connection = await opened(settingsFor(server.url));
    const { client } = connection;
    await client.run(append, ["list"], ["0"]);
    const flushed = client.command("SCRIPT", ["FLUSH"]);
    const lengths = ["1", "2", "3"].map((value) => client.run(append, ["list"], [value]));
    expect(await Promise.all([flushed, ...lengths])).toEqual([Buffer.from("OK"), 2, 3, 4]);
    expect(String(await client.command("LRANGE", ["list", "0", "-1"]))).toBe("0,1,2,3");
  });

  test("rejects all that is under way when the server dies, tells it once, and takes no more", async () => {
    await using doomed = await startServer();
    await using connection = await opened(settingsFor(doomed.url));
    const { client, losses, lost } = connection;
    await doomed.pause();
    const asked = Promise.allSettled(Array.from({ length: 50 }, () => client.command("INCR", ["n"])));
    await doomed.kill();
    const outcomes = (await asked).map((one) => (one.status === "rejected" ? isCertain(one.reason) : "answered"));
    expect(outcomes).toEqual(outcomes.map(() => false));
    expect(await lost).toMatchObject({ code: "UNAVAILABLE", message: containing(new URL(doomed.url).host) });
    const late: unknown = await client.command("INCR", ["n"]).catch((error: unknown) => error);
    expect([toError(late).code, isCertain(late)]).toEqual(["UNAVAILABLE", true]);
    expect(losses).toHaveLength(1);
  });

  test("knows of a loss before its event has come, and then has sent nothing", async () => {
    await using proxy = await faultProxy({ to: server.url });
    await using connection = await opened(settingsFor(proxy.url(server.url)));
    const { client, losses } = connection;
    proxy.cut();
    const asked = [1, 2, 3].map(() => client.command("INCR", ["n"]).catch((error: unknown) => error));
    // The first one meets the end of the socket.
    expect((await Promise.all(asked)).map(isCertain)).toEqual([false, true, true]);
    expect(losses).toHaveLength(1);
  });

  test("takes a link for dead that does not answer", async () => {
    await using frozen = await startServer();
    await using connection = await opened(settingsFor(frozen.url, { commandTimeoutMs: 100 }));
    await frozen.pause();
    const asked = Promise.allSettled([1, 2, 3].map(() => connection.client.command("INCR", ["n"])));
    expect(await connection.lost).toMatchObject({
      code: "UNAVAILABLE",
      message: containing("no answer for 100 ms"),
    });
    expect((await asked).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  });

  test("does not take a link for dead while its own process was busy", async () => {
    await using connection = await opened(settingsFor(server.url, { commandTimeoutMs: 100 }));
    const asked = connection.client.command("PING", []);
    const until = performance.now() + 400;
    while (performance.now() < until);
    expect(String(await asked)).toBe("PONG");
    expect(connection.losses).toEqual([]);
  });

  test("lets go of a master that became a replica", async () => {
    await using demoted = await startServer();
    await using connection = await opened(settingsFor(demoted.url));
    await connection.client.command("REPLICAOF", ["127.0.0.1", new URL(server.url).port]);
    const refused: unknown = await connection.client.command("SET", ["k", "v"]).catch((error: unknown) => error);
    expect([toError(refused).code, isCertain(refused)]).toEqual(["UNAVAILABLE", true]);
    expect((await connection.lost).message).toContain("connect to its master");
  });

  test("rejects what is under way when it is closed, tells no loss, and is closed", async () => {
    await using connection = await opened(settingsFor(server.url));
    const { client, losses } = connection;
    const asked = client.command("BLPOP", ["nothing", "0"]).catch((error: unknown) => error);
    await client.close();
    await client.close();
    expect(isCertain(await asked)).toBe(false);
    await expect(client.command("PING", [])).rejects.toMatchObject({ code: "CLOSED" });
    expect(losses).toEqual([]);
  });

  test("that blocks may be silent for longer than a command", async () => {
    const client = await openBlocking(settingsFor(server.url, { commandTimeoutMs: 100 }), "k");
    expect(await client.command("BLPOP", ["nothing", "0.5"])).toBeNull();
    await client.close();
  });
});

describeRedis("what a server refuses", () => {
  test("is a wrong password, which is not shown, and the right one opens", async () => {
    await using guarded = await startServer("--requirepass", "open");
    const refusals = [
      [{}, "wants a password"],
      [{ password: "sesame" }, "does not know this user with this password"],
      [{ username: "waybill", password: "sesame" }, "does not know this user with this password"],
    ] as const;
    for (const [changes, why] of refusals) {
      const error = await refusalOf(settingsFor(urlWith(guarded.url, changes)));
      expect(error).toMatchObject({ code: "PERMISSION", message: containing(why) });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("sesame");
    }
    await using connection = await opened(settingsFor(urlWith(guarded.url, { password: "open", pathname: "/3" })));
    expect(String(await connection.client.command("CLIENT", ["INFO"]))).toMatch(/ name=waybill .* db=3 /);
  });

  test("is a password where there is none, and a database that is not there", async () => {
    await using server = await startServer();
    const withPassword = settingsFor(urlWith(server.url, { password: "sesame" }));
    expect(await refusalOf(withPassword)).toMatchObject({ code: "PERMISSION" });
    expect(await refusalOf(settingsFor(urlWith(server.url, { pathname: "/16" })))).toMatchObject({ code: "CONFIG" });
  });

  test("is a command that the user may not run, by its name", async () => {
    await using server = await startServer();
    await using admin = await opened(settingsFor(server.url));
    await admin.client.command("ACL", ["SETUSER", "reader", "on", ">open", "~*", "+@read", "+ping"]);
    await using reader = await opened(settingsFor(urlWith(server.url, { username: "reader", password: "open" })));
    const refused: unknown = await reader.client.command("SET", ["k", "v"]).catch((error: unknown) => error);
    expect(toError(refused)).toMatchObject({ code: "PERMISSION", message: containing("'set'") });
  });

  test("is a write where there is no room, and a key of another type", async () => {
    await using server = await startServer("--maxmemory", "100kb");
    await using connection = await opened(settingsFor(server.url));
    const { client } = connection;
    const full: unknown = await client.run(append, ["list"], [1]).catch((error: unknown) => error);
    expect([toError(full).code, isCertain(full)]).toEqual(["FULL", true]);
    await client.command("CONFIG", ["SET", "maxmemory", "0"]);
    await client.command("SET", ["list", "v"]);
    const other: unknown = await client.run(append, ["list"], [1]).catch((error: unknown) => error);
    expect(toError(other)).toMatchObject({ code: "CORRUPT", message: containing("WRONGTYPE") });
    expect(connection.losses).toEqual([]);
  });

  test("is a write while its disk fails", async () => {
    await using server = await startServer("--save", "3600 1", "--enable-protected-configs", "yes");
    await using connection = await opened(settingsFor(server.url));
    const { client } = connection;
    await client.command("CONFIG", ["SET", "dir", "/proc"]);
    await client.command("BGSAVE", []);
    const failed = async (): Promise<unknown> =>
      expect(String(await client.command("INFO", ["persistence"]))).toContain("rdb_last_bgsave_status:err");
    await vi.waitFor(failed, { timeout: 10_000 });
    const refused: unknown = await client.run(append, ["list"], [1]).catch((error: unknown) => error);
    expect(toError(refused)).toMatchObject({ code: "UNAVAILABLE", message: containing("cannot write to its disk") });
    expect(isCertain(refused)).toBe(true);
  });

  test("is everything while it loads its data, and it lets us in when it has them", async () => {
    const slowly = ["--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024"];
    await using server = await startServer("--appendonly", "no", ...slowly);
    await using before = await opened(settingsFor(server.url));
    await before.client.run({ lua: "for i = 1, 500 do redis.call('SET', i, string.rep('x', 100)) end" }, [], []);
    await before.client.command("SAVE", []);
    await server.restart();
    const loading = { code: "UNAVAILABLE", message: containing("still loading its data") };
    expect(await refusalOf(settingsFor(server.url))).toMatchObject(loading);
    await vi.waitFor(
      async () => {
        await using after = await opened(settingsFor(server.url));
        expect(await after.client.command("DBSIZE", [])).toBe(500);
      },
      { timeout: 20_000 },
    );
  });
});

describe("where nobody greets", () => {
  test("nothing listens, or there is no such host", async () => {
    const free = await listening(createServer());
    free.close();
    await once(free, "close");
    const refused = { code: "UNAVAILABLE", message: containing("nothing listens there") };
    expect(await refusalOf(settingsFor(urlOf(free)))).toMatchObject(refused);
    expect(await refusalOf(settingsFor("redis://nowhere.invalid"))).toMatchObject({ code: "UNAVAILABLE" });
  });

  test.each([
    ["says nothing", (socket: Socket) => void socket.resume()],
    ["says something else", (socket: Socket) => void socket.once("data", () => socket.write("HTTP/1.1 400\r\n\r\n"))],
    ["hangs up", (socket: Socket) => void socket.once("data", () => socket.destroy())],
  ])("somebody %s", async (_, answer) => {
    const strange = await listening(createServer((socket) => answer(socket.on("error", () => undefined))));
    const settings = settingsFor(urlOf(strange), { connectTimeoutMs: 200, commandTimeoutMs: 60_000 });
    expect(await refusalOf(settings)).toMatchObject({ code: "UNAVAILABLE", message: containing("rediss://") });
    strange.close();
  });
});

async function listening(server: Server): Promise<Server & { lastUrl?: string }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(server, { lastUrl: `redis://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function urlOf(server: { lastUrl?: string }): string {
  return server.lastUrl ?? "";
}
