import { createInterface } from "node:readline";
import { expect, test, vi } from "vitest";
import { Client, proxyTo, server } from "./echo.ts";

/** A server that hears everything and answers each line with `ok` and the line. */
async function lineServer(): Promise<{ readonly port: number; readonly heard: () => string }> {
  let heard = "";
  const port = await server((socket) => {
    const lines = createInterface(socket);
    lines.on("line", (line) => socket.write(`ok ${line}\n`)).on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => (heard += String(chunk)));
  });
  return { port, heard: () => heard };
}

test("so many bytes pass, and then it happens before any other", async () => {
  const { port, heard } = await lineServer();
  const proxy = await proxyTo(port);
  const client = await Client.open(proxy.port);
  proxy.toServer.when({ bytes: 5 }, () => proxy.cut());
  client.send("12345678");
  await client.until(() => client.events.includes("close"));
  await vi.waitFor(() => expect(heard()).toBe("12345"));
  expect(proxy.toServer.bytes).toBe(5);
});

test("a text is found across chunks, once, and on the connection that carries it", async () => {
  const { port } = await lineServer();
  const proxy = await proxyTo(port);
  const [one, other] = [await Client.open(proxy.port), await Client.open(proxy.port)];
  let found = 0;
  proxy.toServer.when({ text: "o-17" }, (connection) => {
    found += 1;
    connection.cut();
  });
  other.send("o-1\n");
  await other.until(() => other.text === "ok o-1\n");
  proxy.toServer.slice();
  one.send("order o-17\n");
  await one.until(() => one.events.includes("close"));
  other.send("7, o-17\n");
  await other.until(() => other.text.endsWith("o-17\n"));
  expect(found).toBe(1);
});

test("a trigger that is taken back never acts", async () => {
  const { port } = await lineServer();
  const proxy = await proxyTo(port);
  const client = await Client.open(proxy.port);
  proxy.toServer.when({ text: "a" }, () => proxy.cut())();
  client.send("a\n");
  await client.until(() => client.text.endsWith("\n"));
  expect(client.text).toBe("ok a\n");
});

test("a trigger may change what happens to the bytes after it", async () => {
  const { port, heard } = await lineServer();
  const proxy = await proxyTo(port);
  const client = await Client.open(proxy.port);
  proxy.toServer.when({ text: "stop" }, () => proxy.toServer.blackHole());
  client.send("go\nstop\nlost\n");
  await vi.waitFor(() => expect(proxy.toServer.swallowed).toBe(6));
  expect(heard()).toBe("go\nstop");
  expect(client.events).toEqual([]);
});

test("dropping a reply: the request is done, its answer never comes, the connection is cut, others are as before", async () => {
  const { port, heard } = await lineServer();
  const proxy = await proxyTo(port);
  const [asker, other] = [await Client.open(proxy.port), await Client.open(proxy.port)];
  const dropped = proxy.dropReply({ when: "id-9" });
  asker.send("id-8\n");
  await asker.until(() => asker.text === "ok id-8\n");
  asker.send("id-9\n");
  expect(await dropped).toBe(true);
  await asker.until(() => asker.events.includes("close"));
  expect(heard()).toBe("id-8\nid-9\n");
  expect(asker.text).toBe("ok id-8\n");
  expect(asker.events).toEqual(["ECONNRESET", "close"]);
  other.send("id-9\n");
  await other.until(() => other.text === "ok id-9\n");
});

test("dropping the next reply, whatever was asked", async () => {
  const { port, heard } = await lineServer();
  const proxy = await proxyTo(port);
  const client = await Client.open(proxy.port);
  const dropped = proxy.dropReply({ quietMs: 1 });
  client.send("a\n");
  expect(await dropped).toBe(true);
  expect(heard()).toBe("a\n");
  expect(client.text).toBe("");
});

test("a reply that nobody asked for before the proxy's end is not dropped", async () => {
  const { port } = await lineServer();
  const proxy = await proxyTo(port);
  const dropped = proxy.dropReply({ when: "never" });
  await proxy[Symbol.asyncDispose]();
  expect(await dropped).toBe(false);
});
