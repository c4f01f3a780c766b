import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connect, permissionsOf } from "@waybill/core";
import { WaybillError } from "@waybill/core";
import type { Adapter, AdapterContext, BusReport, ConnectOptions, ConnectSettings, Transport } from "@waybill/core";
import { describe, expect, test } from "vitest";
import { caught } from "./support.ts";

const run = promisify(execFile);

/** An adapter that shows what it was given. */
function showing(schemes: readonly string[]): Adapter & { readonly seen: { url: URL; context: AdapterContext }[] } {
  const seen: { url: URL; context: AdapterContext }[] = [];
  return {
    name: "showing",
    schemes,
    seen,
    connect: async (url, context) => {
      seen.push({ url, context });
      return { close: async () => undefined } as unknown as Transport;
    },
  };
}

describe("the URL", () => {
  test.each([
    "",
    "nonsense",
    "redis//host",
    "amqp://user:s3cret@host:port",
    "://",
    "http://[::1",
    "redis://us er:s3cret@h ost",
  ])("%j cannot be read, and the error holds nothing of it", async (url) => {
    const error = await caught(() => connect(url));
    expect(error).toMatchObject({ name: "WaybillError", code: "CONFIG" });
    expect(`${error.message} ${String(error.cause)} ${error.stack}`).not.toContain("s3cret");
  });

  test("of an unknown scheme is refused, naming the schemes known and how to pass an adapter, not the password", async () => {
    const error = await caught(() => connect("nats://user:s3cret@host", { adapters: [showing(["mqtt:"])] }));
    expect(error).toMatchObject({ code: "UNKNOWN_SCHEME" });
    expect(error.message).toMatch(
      /"nats:".*mqtt: amqp: amqps: kafka: kafkas: memory: redis: rediss: sqlite: sqs:;.*adapters/,
    );
    expect(error.message).not.toMatch(/s3cret|user/);
  });

  test("names the package to install, where the adapter is not", async () => {
    // Where nothing is installed: a copy of core alone, and of what it depends on.
    const folder = await mkdtemp(join(tmpdir(), "waybill-core-"));
    await cp(new URL("../dist", import.meta.url), folder, { recursive: true });
    const croner = new URL(".", import.meta.resolve("croner/package.json"));
    await cp(croner, join(folder, "node_modules", "croner"), { recursive: true });
    const script = `
      const { connect } = await import("./index.js");
      for (const scheme of ["memory", "sqlite"]) {
        await connect(scheme + "://user:s3cret@host").catch(({ code, message }) => console.log(scheme, code, message));
      }`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], { cwd: folder });
    await rm(folder, { recursive: true });
    const lines = stdout.trim().split("\n");
    const names = ["memory", "sqlite"];
    expect(lines).toHaveLength(names.length);
    for (const [index, name] of names.entries()) {
      expect(lines[index]).toMatch(new RegExp(`^\\w+ UNKNOWN_SCHEME .* run: npm install @waybill/${name}$`));
    }
    expect(stdout).not.toContain("s3cret");
  });
});

describe("adapters", () => {
  test("that are passed go first, before our own of the same scheme", async () => {
    const adapter = showing(["memory:"]);
    await using bus = await connect("memory:", { adapters: [adapter] });
    expect(bus).toBeDefined();
    expect(adapter.seen).toHaveLength(1);
  });

  test("get the URL as it was given and the options meant for them", async () => {
    const adapter = showing(["nats:"]);
    const options = { cluster: true };
    await using _ = await connect(new URL("nats://u:p@h1/path?x=1"), {
      adapters: [adapter],
      options,
      topology: "verify",
      namespace: "shop",
    });
    expect(adapter.seen[0]?.url.href).toBe("nats://u:p@h1/path?x=1");
    expect(adapter.seen[0]?.context).toMatchObject({ options, topology: "verify", namespace: "shop" });
  });

  test("whose connect rejects reject connect", async () => {
    const failing: Adapter = { ...showing(["nats:"]), connect: () => Promise.reject(new Error("refused")) };
    await expect(connect("nats://h", { adapters: [failing] })).rejects.toThrow("refused");
  });
});

describe("settings in one object", () => {
  const settings: ConnectSettings = {
    url: "nats://h1/path",
    namespace: "shop",
    sections: { showing: { cluster: true }, other: { cluster: false } },
  };

  test("say all that URL and options say, the adapter's section by its name", async () => {
    const adapter = showing(["nats:"]);
    await using _ = await connect({ ...settings, adapters: [adapter] });
    expect(adapter.seen[0]?.url.href).toBe("nats://h1/path");
    expect(adapter.seen[0]?.context).toMatchObject({ namespace: "shop", options: { cluster: true } });
  });

  test("that name options use no section, nor one that only an object's prototype has", async () => {
    const adapter = showing(["nats:"]);
    await using _ = await connect({ ...settings, options: { cluster: "mine" }, adapters: [adapter] });
    await using __ = await connect({ ...settings, adapters: [{ ...adapter, name: "toString" }] });
    expect(adapter.seen.map(({ context }) => context.options)).toEqual([{ cluster: "mine" }, undefined]);
  });

  test("name the section whose adapter refuses it, and no other failure", async () => {
    const failing = (code: "CONFIG" | "UNAVAILABLE"): Adapter => ({
      ...showing(["nats:"]),
      connect: () => Promise.reject(new WaybillError(code, "cluster is no list")),
    });
    const refused = await caught(() => connect({ ...settings, adapters: [failing("CONFIG")] }));
    expect(refused).toMatchObject({ code: "CONFIG", message: "adapters.showing or the URL: cluster is no list" });
    const away = await caught(() => connect({ ...settings, adapters: [failing("UNAVAILABLE")] }));
    expect(away).toMatchObject({ code: "UNAVAILABLE", message: "cluster is no list" });
  });

  test.each([undefined, null, {}])("%j is refused, whatever its type says", async (nothing) => {
    expect(await caught(() => connect(nothing as unknown as ConnectSettings))).toMatchObject({ code: "CONFIG" });
  });
});

describe("permissions", () => {
  test("are asked of the adapter, with the place and its own section, and nothing is connected to", async () => {
    const adapter = showing(["show:"]);
    const asking: Adapter = { ...adapter, permissions: (url, context) => ({ host: url.host, ...context }) };
    const settings = { url: "show://there", namespace: "shop", adapters: [asking], sections: { showing: { a: 1 } } };
    expect(await permissionsOf(settings)).toEqual({
      host: "there",
      namespace: "shop",
      topology: "create",
      options: { a: 1 },
    });
    expect(adapter.seen).toEqual([]);
  });

  test("are unsupported where the carrier has no words for them", async () => {
    const error = await caught(() => permissionsOf({ url: "show://there", adapters: [showing(["show:"])] }));
    expect(error).toMatchObject({ code: "UNSUPPORTED" });
    expect(error.message).toContain("showing");
  });
});

describe("reports", () => {
  test("reach the user, the inbox by its names", async () => {
    const adapter = showing(["nats:"]);
    const reports: BusReport[] = [];
    await using _ = await connect("nats://h", { adapters: [adapter], onReport: (report) => reports.push(report) });
    adapter.seen[0]?.context.report("restored");
    expect(reports).toEqual([{ kind: "restored", inbox: undefined, error: undefined }]);
  });

  test("never throw into the adapter, whatever the user's function does", async () => {
    const adapter = showing(["nats:"]);
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    const onReport = (): never => {
      throw new Error("the hook is broken");
    };
    await using _ = await connect("nats://h", { adapters: [adapter], onReport });
    adapter.seen[0]?.context.report("restored");
    expect((await warned).message).toContain("the hook is broken");
  });

  test("without a listener go nowhere", async () => {
    const adapter = showing(["nats:"]);
    await using _ = await connect("nats://h", { adapters: [adapter] });
    expect(() => adapter.seen[0]?.context.report("lost")).not.toThrow();
  });
});

test.each<ConnectOptions>([
  { source: "" },
  { source: "a\nb" },
  { namespace: "" },
  { namespace: "a..b" },
  { namespace: "\ud800" },
  { publishTimeout: -1 },
  { publishTimeout: Number.NaN },
  { publishTimeout: "soon" as "5s" },
  { maxBufferedBytes: 0 },
  { maxBufferedBytes: Infinity },
])("%j is refused before anything is connected", async (options) => {
  const adapter = showing(["nats:"]);
  expect(await caught(() => connect("nats://h", { adapters: [adapter], ...options }))).toBeInstanceOf(TypeError);
  expect(adapter.seen).toEqual([]);
});
