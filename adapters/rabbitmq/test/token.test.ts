import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import type { WaybillError } from "@waybill/core";
import { containing } from "@waybill/test-servers";
import { orSkip, virtualClock } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { renewing, type RenewalOptions, type TokenLogin, tokenOf } from "../src/token.ts";
import type { Token } from "../src/url.ts";
import { opened, refusalOf, settingsFor } from "./connection.ts";
import { eventually } from "./rig.ts";
import { startServer } from "./start-server.ts";

const loginBy = (ask: TokenLogin["ask"]): TokenLogin => ({ kind: "token", user: "me", ask });

describe("asking for a token", () => {
  test.each<[Token, object]>([
    ["t", { token: "t", expiresAt: Infinity }],
    [{ token: "t" }, { token: "t", expiresAt: Infinity }],
    [
      { token: "t", expiresAt: 5 },
      { token: "t", expiresAt: 5 },
    ],
  ])("%j is one", async (answer, token) => {
    expect(
      await tokenOf(
        loginBy(() => answer),
        1_000,
      ),
    ).toEqual(token);
    expect(
      await tokenOf(
        loginBy(async () => answer),
        1_000,
      ),
    ).toEqual(token);
  });

  test.each([["", { token: "" }, { token: 5 }, { token: "t", expiresAt: "soon" }, null, undefined, 5]].flat())(
    "%j is none",
    async (answer) => {
      const asked = tokenOf(
        loginBy(() => answer as Token),
        1_000,
      );
      await expect(asked).rejects.toMatchObject({ code: "CONFIG", message: containing("{ token, expiresAt }") });
    },
  );

  test("a function that fails, or does not answer, is told with its words alone", async () => {
    const thrown = Object.assign(new Error("401"), { request: "sesame" });
    const failing = (): never => {
      throw thrown;
    };
    const error: unknown = await tokenOf(loginBy(failing), 1_000).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: "UNAVAILABLE", message: containing("has failed (401)") });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("sesame");
    const never = loginBy(() => new Promise<never>(() => undefined));
    await expect(tokenOf(never, 10)).rejects.toMatchObject({ message: containing("no answer for 10 ms") });
  });
});

describe("renewing a token", () => {
  const renewalOf = (over: Partial<RenewalOptions> & { readonly ask: TokenLogin["ask"] }) => {
    const clock = virtualClock();
    const shown: string[] = [];
    const failures: WaybillError[] = [];
    const stop = renewing({
      login: loginBy(over.ask),
      first: { token: "first", expiresAt: clock.now() + 90_000 },
      clock,
      timeoutMs: 1_000,
      show: async (token) => void shown.push(token),
      failed: (error) => void failures.push(error),
      ...over,
    });
    return { clock, shown, failures, stop };
  };

  test("begins when two thirds of its time are over, and goes on with the new one's time", async () => {
    let asked = 0;
    const { clock, shown, stop } = renewalOf({
      ask: () => ({ token: `${++asked}`, expiresAt: clock.now() + 30_000 }),
    });
    await clock.advance(59_999);
    expect(shown).toEqual([]);
    await clock.advance(1);
    expect(shown).toEqual(["1"]);
    await clock.advance(20_000);
    expect(shown).toEqual(["1", "2"]);
    stop();
    await clock.advance(1_000_000);
    expect(shown).toEqual(["1", "2"]);
    expect(clock.pending).toBe(0);
  });

  test("that fails is told and tried again in what time is left, and once a second when none is", async () => {
    let asked = 0;
    const { clock, shown, failures, stop } = renewalOf({
      ask() {
        asked += 1;
        if (asked < 30) throw new Error("no");
        return "last";
      },
    });
    await clock.advance(60_000);
    expect([asked, failures.length]).toEqual([1, 1]);
    await clock.advance(20_000);
    expect(asked).toBe(2);
    await clock.advance(60_000);
    expect(shown).toEqual(["last"]);
    expect(clock.pending).toBe(0);
    stop();
  });

  test("that the server does not take is told", async () => {
    const show = (): Promise<void> => Promise.reject(new Error("not taken"));
    const { clock, failures, stop } = renewalOf({ ask: () => "t", show });
    await clock.advance(60_000);
    expect(failures).toEqual([expect.objectContaining({ message: containing("not taken") })]);
    stop();
  });
});

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const folder = mkdtempSync(join(tmpdir(), "waybill-oauth-"));
writeFileSync(join(folder, "key.pem"), publicKey.export({ type: "spki", format: "pem" }));
const server = await orSkip(
  startServer({
    plugins: ["rabbitmq_auth_backend_oauth2"],
    config: [
      "auth_backends.1 = rabbit_auth_backend_oauth2",
      "auth_oauth2.resource_server_id = rabbitmq",
      "auth_oauth2.default_key = ours",
      `auth_oauth2.signing_keys.ours = ${join(folder, "key.pem")}`,
    ],
  }),
);
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true });
});

function tokenFor(...rights: readonly string[]): string {
  const inBase64 = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const claims = { sub: "me", aud: ["rabbitmq"], exp, scope: rights.map((right) => `rabbitmq.${right}:*/*`) };
  const said = `${inBase64({ alg: "RS256", typ: "JWT", kid: "ours" })}.${inBase64(claims)}`;
  return `${said}.${sign("RSA-SHA256", Buffer.from(said), privateKey).toString("base64url")}`;
}

describe.skipIf(server === undefined)("a server that goes by tokens", () => {
  const url = server?.url.replace(/\/\/.*@/, "//") ?? "amqp://none";

  test("lets us in by one, and takes the next one on the same connection", async () => {
    const clock = virtualClock(Date.now());
    const tokens = [tokenFor("read"), tokenFor("read", "configure")];
    const token = (): Token => ({ token: tokens.shift() ?? "", expiresAt: clock.now() + 90_000 });
    await using it = await opened(settingsFor(url, { token }), { clock });
    const declare = async (): Promise<void> => {
      const channel = await it.connection.model.createChannel();
      channel.on("error", () => undefined);
      await channel.assertQueue("q").catch((thrown: unknown) => {
        throw it.connection.explain(thrown);
      });
    };
    await expect(declare()).rejects.toMatchObject({ code: "PERMISSION", message: containing("queue 'q'") });
    await clock.advance(60_000);
    await eventually(declare);
    await it.connection.close();
    expect(clock.pending).toBe(0);
  });

  test("ends the connection where the next one is none, and shows neither", async () => {
    const clock = virtualClock(Date.now());
    const tokens = [tokenFor("read"), "sesame"];
    const token = (): Token => ({ token: tokens.shift() ?? "", expiresAt: clock.now() + 90_000 });
    await using it = await opened(settingsFor(url, { token }), { clock });
    await clock.advance(60_000);
    const error = await it.lost;
    expect(error.code).toBe("PERMISSION");
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("sesame");
    expect(clock.pending).toBe(0);
  });

  test("refuses a token that is none", async () => {
    expect(await refusalOf(settingsFor(url, { token: () => "sesame" }))).toMatchObject({ code: "PERMISSION" });
  });
});
