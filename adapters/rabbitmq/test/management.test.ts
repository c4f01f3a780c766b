import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { containing } from "@waybill/test-servers";
import { orSkip } from "@waybill/testing";
import { afterAll, describe, expect, test, vi } from "vitest";
import { Management } from "../src/management.ts";
import { opened, settingsFor } from "./connection.ts";
import { declared, inboxOf, Member, rigOn, sent, sourceOf } from "./rig.ts";
import { startServer, urlWith } from "./start-server.ts";

const server = await orSkip(startServer({ plugins: ["rabbitmq_management"] }));
afterAll(() => server?.stop());
const url = server?.url ?? "amqp://guest:guest@none:5672";
const managementUrl = `http://127.0.0.1:${Number(new URL(url).port) + 3}`;

function managementOf(amqp: string, options: object): Management {
  const settings = settingsFor(amqp, options);
  if (settings.management === undefined) throw new Error("there is no management");
  return new Management(settings.management, settings);
}

/** Answers everything with this text. */
async function serverThat(says: string): Promise<AsyncDisposable & { readonly url: string }> {
  const it = createServer((_request, response) => void response.end(says));
  await once(it.listen(0, "127.0.0.1"), "listening");
  const close = async (): Promise<void> => void (await once(it.close(), "close"));
  return { url: `http://127.0.0.1:${(it.address() as AddressInfo).port}`, [Symbol.asyncDispose]: close };
}

describe.skipIf(server === undefined)("management", () => {
  test("counts what waits and what is held, of a queue of any name in a vhost of any name", async () => {
    const [vhost, queue] = ["a/b", "ns.é/ %2F?#q"];
    await server?.administer("add_vhost", vhost);
    await server?.administer("set_permissions", "-p", vhost, "guest", ".*", ".*", ".*");
    const inVhost = urlWith(url, { pathname: `/${encodeURIComponent(vhost)}` });
    await using it = await opened(settingsFor(inVhost));
    const channel = await it.connection.model.createConfirmChannel();
    await channel.assertQueue(queue, { arguments: { "x-queue-type": "quorum" } });
    for (const body of ["a", "b", "c"]) channel.sendToQueue(queue, Buffer.from(body));
    await channel.waitForConfirms();
    await channel.prefetch(1);
    const held = once(channel, "delivery");
    await channel.consume(queue, () => undefined);
    await held;
    const management = managementOf(inVhost, { managementUrl });
    await vi.waitFor(async () => expect(await management.countsOf(queue)).toEqual({ ready: 2, unacked: 1 }), {
      timeout: 40_000,
    });
  }, 60_000);

  test("tells what is in hand of an inbox, once it was counted", async () => {
    await using rig = await rigOn(url, { managementUrl });
    const source = sourceOf("counted");
    await declared(rig, source);
    const inbox = inboxOf(source);
    await sent(rig, source, "a", "b", "c");
    await using member = await Member.of(rig, inbox, 2);
    await member.has("a", "b");
    expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 1, dead: 0, delayed: undefined });
    await vi.waitFor(async () => expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 1, inFlight: 2 }), {
      timeout: 40_000,
    });
  }, 60_000);

  test("knows a queue that is not there", async () => {
    expect(await managementOf(url, { managementUrl }).countsOf("nope")).toBeUndefined();
  });

  test("refuses who may not look, and shows no password", async () => {
    await server?.administer("add_user", "blind", "sesame");
    const management = managementOf(url, { managementUrl: managementUrl.replace("//", "//blind:sesame@") });
    const error: unknown = await management.countsOf("q").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "PERMISSION", message: containing("the tag monitoring") });
    expect(inspect([error, management], { depth: 9, showHidden: true })).not.toContain("sesame");
  });

  test("that is not there, or something else, is told", async () => {
    const nobody = managementOf(url, { managementUrl: "http://127.0.0.1:1" }).countsOf("q");
    await expect(nobody).rejects.toMatchObject({ code: "UNAVAILABLE", message: containing("ECONNREFUSED") });
    await using other = await serverThat("<html>");
    expect(await managementOf(url, { managementUrl: other.url }).countsOf("q")).toEqual({});
  });
});
