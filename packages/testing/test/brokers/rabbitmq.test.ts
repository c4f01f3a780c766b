import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debianServer } from "@waybill/test-servers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Broker, orSkip, type RabbitmqOptions, startBroker } from "../../src/index.ts";
import { rabbitmq } from "../../src/brokers/servers/rabbitmq.ts";
import { expectControls } from "./expect-controls.ts";

const broker = await orSkip(startBroker("rabbitmq", { sources: ["native"] }));
const command = await debianServer("rabbitmq-server");
const startMs = 120_000;

afterAll(() => broker?.stop());

describe.skipIf(broker === undefined)("a RabbitMQ server of this machine", () => {
  test("greets in AMQP, and is administered by its own tool", async () => {
    expect(broker?.url).toMatch(/^amqp:\/\/guest:guest@127\.0\.0\.1:\d+$/);
    expect(broker?.version).toMatch(/^\d+\.\d+\.\d+$/);
    await broker?.administer("add_vhost", "orders");
    expect(await broker?.administer("list_vhosts", "--quiet")).toContain("orders");
    await expect(broker?.administer("add_user")).rejects.toThrow(/user/);
  });

  test("goes through all of the controls", () => expectControls(broker, rabbitmq.probe), startMs);
});

describe.skipIf(command === undefined)("RabbitMQ of Debian 13", () => {
  async function start(options: RabbitmqOptions): Promise<Broker> {
    const started = await startBroker("rabbitmq", { command, ...options });
    onTestFinished(() => started.stop());
    return started;
  }

  test("runs beside the machine's own, and keeps its data when it is killed", { timeout: startMs }, async () => {
    const newer = await start({});
    expect(newer).toMatchObject({ source: "native", version: expect.stringMatching(/^4\./) as string });
    const arguments_ = `[{<<"x-queue-type">>, longstr, <<"quorum">>}]`;
    const queue = `rabbit_misc:r(<<"/">>, queue, <<"orders">>)`;
    await newer.administer("eval", `rabbit_amqqueue:declare(${queue}, true, false, ${arguments_}, none, <<"test">>).`);
    await newer.kill();
    await newer.restart();
    const members = await newer.administer("eval", `element(1, ra:members({'%2F_orders', node()}, 5000)).`);
    expect(members).toBe("ok\n");
  });

  test("takes settings and plugins", { timeout: startMs }, async () => {
    const newer = await start({ config: ["default_vhost = orders"], plugins: ["rabbitmq_management"] });
    expect(await newer.administer("list_vhosts", "--quiet", "--no-table-headers")).toBe("orders\n");
    const answer = await fetch(`http://127.0.0.1:${Number(new URL(newer.url).port) + 3}/api/overview`, {
      headers: { authorization: `Basic ${btoa("guest:guest")}` },
    });
    expect(await answer.json()).toMatchObject({ product_name: "RabbitMQ" });
  });

  describe("over TLS", () => {
    const folder = mkdtempSync(join(tmpdir(), "waybill-tls-"));
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    beforeAll(() => {
      const wanted = ["-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=rabbitmq.test", "-days", "1"];
      execFileSync("openssl", ["req", ...wanted, "-keyout", key, "-out", cert], { stdio: "ignore" });
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    test("it greets there alone", { timeout: startMs }, async () => {
      const { url } = await start({ tls: { cert, key, ca: cert } });
      expect(url).toMatch(/^amqps:/);
      expect(await rabbitmq.probe(url)).toMatch(/^4\./);
      await expect(rabbitmq.probe(url.replace("amqps:", "amqp:"))).rejects.toThrow(
        "the server has closed the connection",
      );
    });
  });
});
