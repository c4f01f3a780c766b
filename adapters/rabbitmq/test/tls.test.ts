import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { Certificates, containing } from "@waybill/test-servers";
import { orSkip } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import type { Settings } from "../src/url.ts";
import { opened, refusalOf, settingsFor } from "./connection.ts";
import { startServer, urlWith } from "./start-server.ts";

const certificates = new Certificates();
certificates.vouchFor("server", "rabbit.test");
certificates.vouchFor("member", "orders");
const tls = {
  ca: certificates.path("ca.pem"),
  cert: certificates.path("server.pem"),
  key: certificates.path("server.key"),
};
const server = await orSkip(
  startServer({
    tls,
    plugins: ["rabbitmq_auth_mechanism_ssl"],
    config: ["auth_mechanisms.1 = PLAIN", "auth_mechanisms.2 = EXTERNAL", "ssl_cert_login_from = common_name"],
  }),
);
afterAll(async () => {
  await server?.stop();
  certificates[Symbol.dispose]();
});
const url = server?.url ?? "amqps://none";
const trusting = { ca: certificates.read("ca.pem"), servername: "rabbit.test" };
const known = { cert: certificates.read("member.pem"), key: certificates.read("member.key") };
const external = (options: object): Settings =>
  settingsFor(urlWith(url, { username: "", password: "" }), { auth: "external", ...trusting, ...options });

describe.skipIf(server === undefined)("over TLS", () => {
  test("a certificate that we trust lets us in", async () => {
    await using it = await opened(settingsFor(url, trusting));
    expect(it.connection.facts.version.join(".")).toBe(server?.version);
  });

  test("a certificate nobody vouches for, or of another name, is refused with what to give", async () => {
    const untrusted = { code: "CONFIG", message: containing("give `ca`, and `servername`") };
    expect(await refusalOf(settingsFor(url))).toMatchObject(untrusted);
    expect(await refusalOf(settingsFor(url, { ca: trusting.ca }))).toMatchObject(untrusted);
    await using trustful = await opened(settingsFor(url, { rejectUnauthorized: false }));
    expect(trustful.connection.over).toBeUndefined();
  });

  test("our own certificate says who we are, with no password", async () => {
    await server?.administer("add_user", "orders", "sesame");
    await server?.administer("set_permissions", "orders", ".*", ".*", ".*");
    await using it = await opened(external(known));
    const users = await server?.administer("list_connections", "user", "auth_mechanism", "ssl", "--silent");
    expect(users).toContain("orders\tEXTERNAL\ttrue");
    expect(it.connection.over).toBeUndefined();
  });

  test("our certificate of somebody whom the server does not know is refused", async () => {
    const { cert, key } = { cert: certificates.read("server.pem"), key: certificates.read("server.key") };
    expect(await refusalOf(external({ cert, key }))).toMatchObject({ code: "PERMISSION" });
  });

  test("a port that wants TLS is told how to write it", async () => {
    const plain = settingsFor(url.replace("amqps:", "amqp:"));
    expect(await refusalOf(plain)).toMatchObject({ message: containing("written amqps://") });
  });
});

test("a server that wants to know us, and is told nothing, is told apart", async () => {
  const ours = { ca: trusting.ca, cert: certificates.read("server.pem"), key: certificates.read("server.key") };
  const strict = createServer({ ...ours, requestCert: true }, (socket) => socket.destroy());
  strict.on("tlsClientError", () => undefined);
  await once(strict.listen(0, "127.0.0.1"), "listening");
  const to = `amqps://127.0.0.1:${(strict.address() as AddressInfo).port}`;
  expect(await refusalOf(settingsFor(to, trusting))).toMatchObject({ message: containing("`cert` and `key`") });
  await once(strict.close(), "close");
});
