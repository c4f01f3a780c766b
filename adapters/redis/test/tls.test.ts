import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { containing } from "@waybill/test-servers";
import { type Broker, startBroker } from "@waybill/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Settings } from "../src/url.ts";
import { opened, refusalOf, settingsFor } from "./connection.ts";
import { describeRedis, startServer } from "./start-server.ts";

const folder = mkdtempSync(join(tmpdir(), "waybill-tls-"));
const inFolder = (name: string): string => join(folder, name);
const pem = (name: string): string => readFileSync(inFolder(name), "utf8");
const overTls = (url: string, options?: object): Settings => settingsFor(url.replace("redis:", "rediss:"), options);

describeRedis("over TLS", () => {
  let server: Broker;
  beforeAll(async () => {
    const wanted = ["-subj", "/CN=redis.test", "-addext", "subjectAltName=DNS:redis.test", "-days", "1"];
    const files = ["-keyout", inFolder("key.pem"), "-out", inFolder("cert.pem")];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...wanted, ...files], {
      stdio: "ignore",
    });
    const tls = { cert: inFolder("cert.pem"), key: inFolder("key.pem"), ca: inFolder("cert.pem") };
    server = await startBroker("redis", { sources: ["native"], tls });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  test("a certificate that we know lets us in, and ours is asked for where the server wants it", async () => {
    const options = { ca: pem("cert.pem"), servername: "redis.test" };
    await using connection = await opened(overTls(server.url, options));
    await connection.client.command("CONFIG", ["SET", "tls-auth-clients", "yes"]);
    const wanted = { code: "CONFIG", message: containing("give `cert` and `key`") };
    expect(await refusalOf(overTls(server.url, options))).toMatchObject(wanted);
    await using known = await opened(overTls(server.url, { ...options, cert: pem("cert.pem"), key: pem("key.pem") }));
    await known.client.command("CONFIG", ["SET", "tls-auth-clients", "no"]);
  });

  test.each([
    ["that asked who we are and got no answer", true, { code: "CONFIG", message: containing("give `cert` and `key`") }],
    ["that did not ask", false, { code: "UNAVAILABLE", message: containing("redis://") }],
  ])("a server that hangs up with no alert, %s, is told apart", async (_what, requestCert, wanted) => {
    const ours = { cert: pem("cert.pem"), key: pem("key.pem") };
    const rude = createServer({ ...ours, requestCert, rejectUnauthorized: false }, (socket) => socket.destroy());
    await once(rude.listen(0, "127.0.0.1"), "listening");
    const url = `rediss://127.0.0.1:${(rude.address() as AddressInfo).port}`;
    const options = { ca: pem("cert.pem"), servername: "redis.test" };
    expect(await refusalOf(settingsFor(url, options))).toMatchObject(wanted);
    await once(rude.close(), "close");
  });

  test("a certificate nobody vouches for, or of another name, is refused with what to give", async () => {
    const untrusted = { code: "CONFIG", message: containing("give `ca`, and `servername`") };
    expect(await refusalOf(overTls(server.url))).toMatchObject(untrusted);
    expect(await refusalOf(overTls(server.url, { ca: pem("cert.pem") }))).toMatchObject(untrusted);
  });

  test("a plain port, and no TLS for a port that wants it, are told how to write it", async () => {
    await using plain = await startServer();
    const short = { connectTimeoutMs: 500 };
    expect(await refusalOf(overTls(plain.url, short))).toMatchObject({ message: containing("redis://") });
    const without = settingsFor(server.url.replace("rediss:", "redis:"), short);
    expect(await refusalOf(without)).toMatchObject({ message: containing("rediss://") });
  });
});
