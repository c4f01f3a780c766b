import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { inspect } from "node:util";
import { containing } from "@waybill/test-servers";
import { faultProxy, orSkip } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { opened, refusalOf, settingsFor } from "./connection.ts";
import { eventually } from "./rig.ts";
import { startServer, urlWith } from "./start-server.ts";

const server = await orSkip(startServer());
afterAll(() => server?.stop());
const url = server?.url ?? "amqp://guest:guest@none";
const port = Number(new URL(url).port);

/** A server that takes connections and does with them what it likes, until the test is over. */
async function serverThat(
  takes: Parameters<typeof createServer>[1],
): Promise<AsyncDisposable & { readonly url: string }> {
  const it: Server = createServer(takes);
  await once(it.listen(0, "127.0.0.1"), "listening");
  const close = async (): Promise<void> => void (await once(it.close(), "close"));
  return { url: `amqp://127.0.0.1:${(it.address() as AddressInfo).port}`, [Symbol.asyncDispose]: close };
}

describe.skipIf(server === undefined)("opening a connection", () => {
  test("tells what the server is, and operators what the connection is for", async () => {
    await using it = await opened(settingsFor(url, { connectionName: "orders" }));
    expect(it.connection.facts.version.join(".")).toBe(server?.version);
    await eventually(async () => {
      const shown = await server?.administer("list_connections", "client_properties", "--silent");
      expect(shown).toContain(`orders test (`);
      expect(shown).toContain(`process ${process.pid})`);
    });
  });

  test("goes from one host to the next, beginning with one at random", async () => {
    const settings = settingsFor(`amqp://127.0.0.1,localhost:${port}?hosts=127.0.0.1:1`);
    const hostOf = async (random: number): Promise<string> => {
      await using it = await opened(settings, { random: () => random });
      return `${it.connection.node.host}:${it.connection.node.port}`;
    };
    expect(await hostOf(0)).toBe(`127.0.0.1:${port}`);
    expect(await hostOf(0.5)).toBe(`localhost:${port}`);
    expect(await hostOf(0.99)).toBe(`127.0.0.1:${port}`);
  });

  test("names each host when none can be reached", async () => {
    const error = await refusalOf(settingsFor("amqp://127.0.0.1:1?hosts=[::1]:1"));
    expect(error).toMatchObject({ code: "UNAVAILABLE", message: containing("none of 2 servers") });
    expect(String(error)).toContain("127.0.0.1:1: nothing listens there");
    expect(String(error)).toContain("[::1]:1: nothing listens there");
  });

  test("with a wrong password, or as nobody, is refused at once, also with more hosts, and shows no password", async () => {
    const settings = settingsFor(urlWith(`${url}?hosts=127.0.0.1:1`, { password: "sesame" }));
    const error = await refusalOf(settings);
    expect(error).toMatchObject({ code: "PERMISSION", message: containing("does not know this user") });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("sesame");
    expect(await refusalOf(settingsFor(urlWith(url, { username: "nobody" })))).toMatchObject({ code: "PERMISSION" });
  });

  test("to a vhost that is not there, or not for this user, says both", async () => {
    const missing = await refusalOf(settingsFor(urlWith(url, { pathname: "/nope" })));
    const wanted = 'no way into vhost "nope": there is none (rabbitmqctl add_vhost), user "guest" may not';
    expect(missing).toMatchObject({ code: "PERMISSION", message: containing(wanted) });
    await server?.administer("add_user", "stranger", "sesame");
    const stranger = await refusalOf(settingsFor(urlWith(url, { username: "stranger", password: "sesame" })));
    expect(stranger).toMatchObject({ code: "PERMISSION", message: containing('vhost "/": there is none') });
  });

  test("takes a vhost of any name", async () => {
    const name = "a/b c%ä";
    await server?.administer("add_vhost", name);
    await server?.administer("set_permissions", "-p", name, "guest", ".*", ".*", ".*");
    await using it = await opened(settingsFor(urlWith(url, { pathname: `/${encodeURIComponent(name)}` })));
    const channel = await it.connection.model.createChannel();
    await channel.assertQueue("here");
    expect(await server?.administer("list_queues", "-p", name, "--silent")).toContain("here");
  });

  test("in a way the server does not offer is told as what it is", async () => {
    await using proxy = await faultProxy({ to: url });
    proxy.toClient.rewrite((chunk) => Buffer.from(chunk.toString("latin1").replaceAll("PLAIN", "OTHER"), "latin1"));
    expect(await refusalOf(settingsFor(proxy.url(url)))).toMatchObject({
      code: "CONFIG",
      message: containing("PLAIN"),
    });
  });

  test("to a server that is too old is refused, and no connection to it is left", async () => {
    await using proxy = await faultProxy({ to: url });
    const old = (chunk: Buffer): Buffer =>
      Buffer.from(chunk.toString("latin1").replace(/(versionS.{4})\d+\.\d/s, "$13.0"), "latin1");
    proxy.toClient.rewrite(old);
    expect(await refusalOf(settingsFor(proxy.url(url)))).toMatchObject({ code: "UNSUPPORTED" });
    await eventually(() => expect(proxy.connections).toBe(0));
  });

  test("gives up by its time where a server takes connections and says nothing", async () => {
    await using silent = await serverThat((socket) => void socket.resume());
    const error = await refusalOf(settingsFor(silent.url, { connectTimeoutMs: 200 }));
    expect(error).toMatchObject({ code: "UNAVAILABLE", message: containing("by connectTimeoutMs") });
  });

  test.each([
    ["speaks another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", "CONFIG", "does not speak AMQP 0-9-1"],
    ["hangs up", "", "UNAVAILABLE", "a port that wants TLS is written amqps://"],
  ])("to something that %s is told", async (_what, says, code, why) => {
    await using stranger = await serverThat((socket) => void socket.resume().end(says));
    expect(await refusalOf(settingsFor(stranger.url))).toMatchObject({ code, message: containing(why) });
  });

  test("over TLS to a plain port is told how to write it", async () => {
    const error = await refusalOf(settingsFor(url.replace("amqp:", "amqps:")));
    expect(error).toMatchObject({ code: "CONFIG", message: containing("write amqp://") });
  });
});

describe.skipIf(server === undefined)("a connection", () => {
  test("that an operator closes is told once, with his reason, and what is under way rejects", async () => {
    await using it = await opened(settingsFor(url));
    const channel = await it.connection.model.createChannel();
    channel.on("error", () => undefined);
    await server?.administer("close_all_connections", "for a test");
    expect(await it.lost).toMatchObject({ code: "UNAVAILABLE", message: containing("for a test") });
    expect(it.connection.over).toBe(await it.lost);
    const thrown = await channel.checkQueue("q").catch((error: unknown) => error);
    expect(it.connection.explain(thrown)).toBe(await it.lost);
    expect(it.losses).toHaveLength(1);
  });

  test("that the server ends for what we asked says why", async () => {
    await using it = await opened(settingsFor(url));
    const channel = await it.connection.model.createChannel();
    const thrown = await channel.assertExchange("e", "x-unknown").catch((error: unknown) => error);
    const why = { code: "UNSUPPORTED", message: containing("unknown exchange type 'x-unknown'") };
    expect(it.connection.explain(thrown)).toMatchObject(why);
    expect(await it.lost).toMatchObject(why);
  });

  test("that is cut is told", async () => {
    await using proxy = await faultProxy({ to: url });
    await using it = await opened(settingsFor(proxy.url(url)));
    proxy.cut();
    expect(await it.lost).toMatchObject({ code: "UNAVAILABLE", message: containing("the connection is lost") });
  });

  test("whose link is a black hole is told by its heartbeat, and its socket is closed", async () => {
    await using proxy = await faultProxy({ to: url });
    await using it = await opened(settingsFor(proxy.url(url), { heartbeatMs: 1_000 }));
    proxy.blackHole();
    expect(await it.lost).toMatchObject({ code: "UNAVAILABLE", message: containing("Heartbeat timeout") });
    await it.connection.close();
  });

  test("closes over a black hole as well, by its time, tells no loss, and can be closed again", async () => {
    await using proxy = await faultProxy({ to: url });
    const it = await opened(settingsFor(proxy.url(url), { connectTimeoutMs: 2_000 }));
    proxy.blackHole();
    const pending = it.connection.model.createChannel().catch((error: unknown) => error);
    await it.connection.close();
    await it.connection.close();
    expect(it.losses).toEqual([]);
    expect(it.connection.explain(await pending)).toMatchObject({ code: "UNAVAILABLE" });
  });

  test("tells an alarm of the server while it lasts", async () => {
    await using it = await opened(settingsFor(url));
    const channel = await it.connection.model.createConfirmChannel();
    await server?.administer("set_vm_memory_high_watermark", "0.0001");
    try {
      // Only who publishes is told.
      const confirmed = new Promise((resolve) => channel.publish("", "nowhere", Buffer.from("x"), {}, resolve));
      await eventually(() => expect(it.connection.blocked).toBe("low on memory"));
      await server?.administer("set_vm_memory_high_watermark", "0.9");
      await confirmed;
      await eventually(() => expect(it.alarms).toEqual(["low on memory", undefined]));
      expect(it.connection.blocked).toBeUndefined();
    } finally {
      await server?.administer("set_vm_memory_high_watermark", "0.9");
    }
  });
});
