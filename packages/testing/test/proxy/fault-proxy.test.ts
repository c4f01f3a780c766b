import type { Socket } from "node:net";
import { faultProxy, seededRandom } from "@waybill/testing";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { Client, proxyTo, server } from "./echo.ts";

const big = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));

test("what is sent comes back byte for byte, whatever slows it down", async () => {
  const port = await server();
  const mode = fc.constantFrom("pass", "delay", "throttle", "slice");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 8 }),
      fc.array(mode, { minLength: 2, maxLength: 6 }),
      async (chunks, modes) => {
        await using proxy = await faultProxy({ to: { host: "127.0.0.1", port } });
        const client = await Client.open(proxy.port);
        const set = (name: string | undefined): void => {
          const direction = name === modes[0] ? proxy.toServer : proxy.toClient;
          if (name === "delay") direction.delay(1, 2);
          else if (name === "throttle") direction.throttle(100_000);
          else if (name === "slice") direction.slice();
          else direction.pass();
        };
        const sent = Buffer.concat(chunks);
        for (const [index, chunk] of chunks.entries()) {
          set(modes[index % modes.length]);
          client.send(chunk);
          await new Promise((resolve) => setImmediate(resolve));
        }
        client.socket.end();
        await client.until(() => client.events.includes("end"));
        expect(Buffer.concat(client.chunks)).toEqual(sent);
        expect(proxy.toServer.bytes).toBe(sent.length);
        expect(proxy.toClient.bytes).toBe(sent.length);
      },
    ),
    { numRuns: 40 },
  );
});

test("a large stream passes whole, and its end with it", async () => {
  const proxy = await proxyTo(await server());
  const client = await Client.open(proxy.port);
  for (let count = 0; count < 20; count += 1) client.send(big);
  client.socket.end();
  await client.until(() => client.events.includes("close"));
  expect(Buffer.concat(client.chunks).equals(Buffer.concat(Array.from({ length: 20 }, () => big)))).toBe(true);
  expect(client.events).toEqual(["end", "close"]);
});

test("a reader that takes nothing holds its sender back", async () => {
  const most = 40 * 1024 * 1024;
  const paused = Promise.withResolvers<Socket>();
  const proxy = await proxyTo(await server((socket) => paused.resolve(socket.pause())));
  const client = await Client.open(proxy.port);
  let taken = 0;
  const write = (error?: Error | null): void => {
    if (error) return;
    taken += big.length;
    client.socket.write(big, write);
  };
  write();
  // While bytes go to and fro elsewhere, none go here any more.
  const other = await Client.open((await proxyTo(await server())).port);
  for (let before = -1; taken !== before;) {
    before = taken;
    for (let trips = 0; trips < 50; trips += 1) await other.roundTrip();
  }
  expect(taken).toBeLessThan(most);
  // That it stood still was the reader's doing.
  (await paused.promise).resume();
  await vi.waitFor(() => expect(taken).toBeGreaterThan(most), { timeout: 20_000 });
});

test("one half of a connection may end before the other", async () => {
  const port = await server((socket) => {
    let heard = "";
    socket.on("data", (chunk: Buffer) => (heard += String(chunk)));
    socket.on("end", () => socket.end(`you said ${heard}`));
  });
  const proxy = await proxyTo(port);
  const client = await Client.open(proxy.port);
  client.socket.end("hello");
  await client.until(() => client.events.includes("close"));
  expect(client.text).toBe("you said hello");
  expect(client.events).toEqual(["end", "close"]);
});

test("a delay comes on top, in order and without slowing the stream, and its jitter is the seed's", async () => {
  const proxy = await proxyTo(await server(), { random: seededRandom(7) });
  const client = await Client.open(proxy.port);
  proxy.toClient.delay(60, 30);
  const from = performance.now();
  for (let count = 0; count < 50; count += 1) {
    client.send(`${count};`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const sent = Array.from({ length: 50 }, (_, count) => `${count};`).join("");
  await client.until(() => client.text.length === sent.length);
  expect(client.text).toBe(sent);
  // One after the other it would be 50 times that.
  expect(performance.now() - from).toBeGreaterThanOrEqual(59);
  expect(performance.now() - from).toBeLessThan(1_500);
});

test("a delay that is ended ends for what already waits", async () => {
  const proxy = await proxyTo(await server());
  const client = await Client.open(proxy.port);
  proxy.toServer.delay(3_600_000);
  client.send("late");
  proxy.toServer.pass();
  await client.until(() => client.text === "late");
  expect(client.events).toEqual([]);
});

test("a throttle takes its time", async () => {
  const proxy = await proxyTo(await server());
  const client = await Client.open(proxy.port);
  proxy.toServer.throttle(20_000);
  const from = performance.now();
  client.send(big.subarray(0, 4_000));
  await client.until(() => client.text.length === 4_000);
  expect(performance.now() - from).toBeGreaterThanOrEqual(190);
});

test("a slice makes a chunk of every byte", async () => {
  const proxy = await proxyTo(await server());
  const client = await Client.open(proxy.port);
  proxy.toClient.slice();
  client.send("one by one");
  await client.until(() => client.text.length === 10);
  expect(client.chunks.length).toBeGreaterThan(5);
});

test("a black hole swallows, keeps connections open, and cuts those that lost bytes when it ends", async () => {
  const proxy = await proxyTo(await server());
  const loser = await Client.open(proxy.port);
  const keeper = await Client.open(proxy.port);
  keeper.send("x");
  await keeper.until(() => keeper.text === "x");
  proxy.blackHole();
  loser.send("lost");
  const late = await Client.open(proxy.port);
  await vi.waitFor(() => expect(proxy.toServer.swallowed).toBe(4));
  expect(loser.events).toEqual([]);
  await proxy.heal();
  await loser.until(() => loser.events.includes("close"));
  expect(loser.events).toEqual(["ECONNRESET", "close"]);
  expect(loser.text).toBe("");
  for (const client of [keeper, late]) client.send("y");
  await keeper.until(() => keeper.text === "xy");
  await late.until(() => late.text === "y");
  expect(proxy.connections).toBe(2);
});

test("behind a black hole nobody hears that the other is gone, until it ends", async () => {
  let reset = (): void => undefined;
  const port = await server((socket) => {
    reset = () => void socket.resetAndDestroy();
    socket.pipe(socket);
  });
  const proxy = await proxyTo(port);
  const client = await Client.open(proxy.port);
  client.send("x");
  await client.until(() => client.text === "x");
  proxy.toClient.blackHole();
  reset();
  const other = await Client.open(proxy.port);
  other.send("y");
  await vi.waitFor(() => expect(proxy.toClient.swallowed).toBe(1));
  expect(client.events).toEqual([]);
  proxy.toClient.pass();
  await client.until(() => client.events.includes("close"));
  expect(client.events).toEqual(["ECONNRESET", "close"]);
});

test("a cut resets both ends, and later connections pass", async () => {
  const ends: string[] = [];
  const port = await server((socket) => {
    socket.pipe(socket);
    socket.on("error", (error: NodeJS.ErrnoException) => ends.push(error.code ?? "?"));
  });
  const proxy = await proxyTo(port);
  const client = await Client.open(proxy.port);
  client.send("x");
  await client.until(() => client.text === "x");
  proxy.cut();
  await client.until(() => client.events.includes("close"));
  expect(client.events).toEqual(["ECONNRESET", "close"]);
  const next = await Client.open(proxy.port);
  next.send("y");
  await next.until(() => next.text === "y");
  expect(ends).toEqual(["ECONNRESET"]);
  expect(proxy.connections).toBe(1);
});

test("refused connections are refused, and taken again on the same port", async () => {
  const proxy = await proxyTo(await server());
  const open = await Client.open(proxy.port);
  await proxy.refuse();
  await proxy.refuse();
  const refused = new Client(proxy.port);
  await refused.until(() => refused.events.includes("close"));
  expect(refused.events).toEqual(["ECONNREFUSED", "close"]);
  open.send("x");
  await open.until(() => open.text === "x");
  await proxy.accept();
  await proxy.accept();
  const taken = await Client.open(proxy.port);
  taken.send("y");
  await taken.until(() => taken.text === "y");
});

test("a server that is not there or dies resets its clients", async () => {
  let die = (): void => undefined;
  const port = await server((socket) => {
    die = () => void socket.resetAndDestroy();
    socket.pipe(socket);
  });
  const proxy = await proxyTo(port);
  const client = await Client.open(proxy.port);
  client.send("x");
  await client.until(() => client.text === "x");
  die();
  await client.until(() => client.events.includes("close"));
  expect(client.events).toEqual(["ECONNRESET", "close"]);

  const nowhere = await proxyTo(1);
  const lonely = await Client.open(nowhere.port);
  await lonely.until(() => lonely.events.includes("close"));
  expect(nowhere.connections).toBe(0);
});

test("bytes are rewritten as they come", async () => {
  const proxy = await proxyTo(await server());
  proxy.toClient.rewrite((chunk) => Buffer.from(chunk.toString("latin1").replace("8.0.1", "6.0.0"), "latin1"));
  const client = await Client.open(proxy.port);
  client.send("version:8.0.1");
  await client.until(() => client.text.length === 13);
  expect(client.text).toBe("version:6.0.0");
  proxy.toClient.rewrite(undefined);
  client.send("8.0.1");
  await client.until(() => client.text.length === 18);
  expect(client.text).toBe("version:6.0.08.0.1");
});

test("disposing cuts what is open and leaves nothing listening", async () => {
  const proxy = await proxyTo(await server());
  const client = await Client.open(proxy.port);
  client.send("x");
  await client.until(() => client.text === "x");
  await proxy[Symbol.asyncDispose]();
  expect(proxy.connections).toBe(0);
  await client.until(() => client.events.includes("close"));
  const late = new Client(proxy.port);
  await late.until(() => late.events.includes("close"));
  expect(late.events).toEqual(["ECONNREFUSED", "close"]);
});

test("a URL keeps everything but its host and port", async () => {
  const port = await server();
  await using proxy = await faultProxy({ to: `redis://user:secret@localhost:${port}/3` });
  expect(proxy.url(`redis://user:secret@localhost:${port}/3?a=b`)).toBe(
    `redis://user:secret@127.0.0.1:${proxy.port}/3?a=b`,
  );
  const client = await Client.open(proxy.port);
  client.send("x");
  await client.until(() => client.text === "x");
});

test("mistakes are refused, without what the URL holds", async () => {
  await expect(faultProxy({ to: "redis://user:secret@localhost/3" })).rejects.toThrow(
    new TypeError("the URL of a proxied server names no host and port; add them"),
  );
  await using proxy = await faultProxy({ to: { host: "127.0.0.1", port: 1 } });
  expect(() => proxy.toServer.delay(-1)).toThrow("ms is -1; give a number of at least 0");
  expect(() => proxy.toServer.throttle(0)).toThrow("bytesPerSecond is 0; give a number of at least 1");
});
