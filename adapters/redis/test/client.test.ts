import { once } from "node:events";
import { createServer } from "node:net";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBlocking } from "../src/client.ts";
import { isCertain, toError } from "../src/errors.ts";
import { containing } from "./containing.ts";
import { opened, refusalOf, settingsFor } from "./connection.ts";
import { type RedisServer, startServer } from "./redis-server.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const echo = { lua: "return {KEYS[1], ARGV[1], ARGV[2], 1}" };

describe("a client", () => {
  test("gives replies as they come, bulk strings as Buffers, whatever kind of bytes went in", async () => {
    await using connection = await opened(settingsFor(server.address));
    const { client } = connection;
    await client.command("HSET", ["{a}hash", "f", Uint8Array.of(0, 255, 13, 10).subarray(1, 3)]);
    expect(await client.command("HGETALL", ["{a}hash"])).toEqual([Buffer.from("f"), Buffer.of(255, 13)]);
    const reply = [Buffer.from("k"), Buffer.of(1, 255), Buffer.from("7"), 1];
    for (const _ of [1, 2]) expect(await client.run(echo, ["k"], [Buffer.of(1, 255), 7])).toEqual(reply);
    expect(await client.command("GET", ["none"])).toBeNull();
  });

  test("runs a script that the server has forgotten, in the order in which it was sent", async () => {
    await using connection = await opened(settingsFor(server.address));
    const { client } = connection;
    const append = { lua: "return redis.call('RPUSH', KEYS[1], ARGV[1])" };
    await client.run(append, ["list"], ["0"]);
    const flushed = client.command("SCRIPT", ["FLUSH"]);
    const lengths = ["1", "2", "3"].map((value) => client.run(append, ["list"], [value]));
    expect(await Promise.all([flushed, ...lengths])).toEqual([Buffer.from("OK"), 2, 3, 4]);
    expect(String(await client.command("LRANGE", ["list", "0", "-1"]))).toBe("0,1,2,3");
  });

  test("rejects all that is under way when the server dies, tells it once, and takes no more", async () => {
    await using doomed = await startServer();
    await using connection = await opened(settingsFor(doomed.address));
    const { client, losses, lost } = connection;
    doomed.kill("SIGSTOP");
    const asked = Array.from({ length: 50 }, () => client.command("INCR", ["n"]));
    doomed.kill("SIGKILL");
    const answers = await Promise.allSettled(asked);
    expect(answers.filter(({ status }) => status === "rejected")).toHaveLength(50);
    expect(answers.some((answer) => answer.status === "rejected" && isCertain(answer.reason))).toBe(false);
    expect(await lost).toMatchObject({ code: "UNAVAILABLE", message: containing(doomed.address) });
    const late: unknown = await client.command("INCR", ["n"]).catch((error: unknown) => error);
    expect([toError(late).code, isCertain(late)]).toEqual(["UNAVAILABLE", true]);
    expect(losses).toHaveLength(1);
  });

  test("takes a link for dead that does not answer", async () => {
    await using frozen = await startServer();
    await using connection = await opened(settingsFor(frozen.address, { commandTimeoutMs: 100 }));
    frozen.kill("SIGSTOP");
    const asked = Promise.allSettled([1, 2, 3].map(() => connection.client.command("INCR", ["n"])));
    expect(await connection.lost).toMatchObject({
      code: "UNAVAILABLE",
      message: containing("no answer for 100 ms"),
    });
    expect((await asked).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    frozen.kill("SIGCONT");
  });

  test("lets go of a master that became a replica", async () => {
    await using demoted = await startServer();
    await using connection = await opened(settingsFor(demoted.address));
    await connection.client.command("REPLICAOF", ["127.0.0.1", String(server.port)]);
    const refused: unknown = await connection.client.command("SET", ["k", "v"]).catch((error: unknown) => error);
    expect([toError(refused).code, isCertain(refused)]).toEqual(["UNAVAILABLE", true]);
    expect((await connection.lost).message).toContain("connect to its master");
  });

  test("rejects what is under way when it is closed, tells no loss, and is closed", async () => {
    await using connection = await opened(settingsFor(server.address));
    const { client, losses } = connection;
    const asked = client.command("BLPOP", ["nothing", "0"]).catch((error: unknown) => error);
    await client.close();
    await client.close();
    expect(isCertain(await asked)).toBe(false);
    await expect(client.command("PING", [])).rejects.toMatchObject({ code: "CLOSED" });
    expect(losses).toEqual([]);
  });
});

test("a blocking client may be silent for longer than a command", async () => {
  const client = await openBlocking(settingsFor(server.address, { commandTimeoutMs: 100 }), "k");
  expect(await client.command("BLPOP", ["nothing", "0.5"])).toBeNull();
  await client.close();
});

describe("what the server refuses", () => {
  test.each([
    ["redis://127.0.0.1", "wants a password"],
    ["redis://:sesame@127.0.0.1", "does not know this user with this password"],
    ["redis://waybill:sesame@127.0.0.1", "does not know this user with this password"],
  ])("a wrong password: %s", async (url, why) => {
    await using guarded = await startServer(["--requirepass", "open"]);
    const settings = settingsFor(`${url.replace("redis://", "")}:${guarded.port}`);
    const error = await refusalOf(settings);
    expect(error).toMatchObject({ code: "PERMISSION", message: containing(why) });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("sesame");
  });

  test("a password where there is none, and a database that is not there", async () => {
    expect(await refusalOf(settingsFor(`:sesame@${server.address}`))).toMatchObject({ code: "PERMISSION" });
    expect(await refusalOf(settingsFor(`${server.address}/16`))).toMatchObject({ code: "CONFIG" });
  });

  test("the password that is right, and the database", async () => {
    await using guarded = await startServer(["--requirepass", "open"]);
    await using connection = await opened(settingsFor(`:open@${guarded.address}/3`));
    expect(String(await connection.client.command("CLIENT", ["INFO"]))).toMatch(/ name=waybill .* db=3 /);
  });
});

describe("where nobody greets", () => {
  test("nothing listens", async () => {
    const closed = await startServer();
    await closed[Symbol.asyncDispose]();
    const refused = { code: "UNAVAILABLE", message: containing("nothing listens there") };
    expect(await refusalOf(settingsFor(closed.address))).toMatchObject(refused);
    expect(await refusalOf(settingsFor("nowhere.invalid"))).toMatchObject({ code: "UNAVAILABLE" });
  });

  test("a server that says nothing, or something else", async () => {
    const strange = createServer((socket) =>
      socket.on("error", () => undefined).once("data", () => socket.write("HTTP/1.1\r\n")),
    );
    const mute = createServer((socket) => socket.on("error", () => undefined).resume());
    for (const one of [strange, mute]) {
      one.listen(0, "127.0.0.1");
      await once(one, "listening");
      const address = one.address();
      const port = typeof address === "object" ? address?.port : 0;
      const silent = { code: "UNAVAILABLE", message: containing("rediss://") };
      expect(await refusalOf(settingsFor(`127.0.0.1:${port}`, { connectTimeoutMs: 200 }))).toMatchObject(silent);
      one.close();
    }
  });
});
