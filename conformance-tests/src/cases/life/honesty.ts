import assert from "node:assert/strict";
import { inspect } from "node:util";
import { type BusReport, type Manifest, WaybillError } from "@waybill/core";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { always } from "../../owed.ts";

const secret = "hunter2-s3cr3t";

const secrets: readonly Case[] = casesOf("LIF-6", {
  "": {
    shows: "a password in the URL or in an option is in no error and no report, also not as a cause",
    owed: always,
    async run(bench) {
      const reports: BusReport[] = [];
      const urls = [withPassword(bench.url), `${bench.url}${bench.url.includes("?") ? "&" : "?"}password=${secret}`];
      const errors = [
        ...(await Promise.all(urls.map((url) => failure(bench, url, undefined, reports)))),
        await failure(bench, bench.url, { password: secret }, reports),
        await failure(
          bench,
          `${bench.url.split(":")[0]}://user:${secret}@localhost:1/x?password=${secret}`,
          undefined,
          reports,
        ),
        await failure(bench, `${bench.url.split(":")[0]}://user:${secret}@localhost:no-port`, undefined, reports),
      ];
      for (const error of errors) {
        assert(error === undefined || error instanceof WaybillError, `no WaybillError: ${inspect(error)}`);
        checkNoSecret(error);
      }
      for (const report of reports) checkNoSecret(report);
    },
  },
});

const manifest: readonly Case[] = casesOf("CAP-1", {
  constant: {
    shows: "the manifest is whole, makes sense, and is the same before, during and after work, on every connection",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const [bus, other] = [await bench.connect(), await bench.connect()];
      const before = printed(bus.manifest(queue));
      checkSense(bus.manifest(queue));
      let handled = 0;
      await bus.work(queue, {}, () => void (handled += 1));
      await bus.send(queue, { n: 1 });
      await bench.eventually(
        "a message",
        () => handled,
        (count) => count >= 1,
      );
      assert.equal(printed(bus.manifest(queue)), before, "after work");
      assert.equal(printed(other.manifest(queue)), before, "on another connection");
      assert.equal(printed(bus.manifest(bench.queue())), before, "of another queue of the same shape");
    },
  },
});

/** LIF-6, CAP-1 */
export const honesty: readonly Case[] = [...secrets, ...manifest];

function withPassword(text: string): string {
  const url = new URL(text);
  url.username = "user";
  url.password = secret;
  return url.href;
}

/** What connecting and publishing reject with; undefined where all goes well. */
async function failure(bench: Bench, url: string, options: unknown, reports: BusReport[]): Promise<unknown> {
  try {
    const bus = await bench.connect({
      url,
      publishTimeout: 500,
      onReport: (report) => void reports.push(report),
      ...(options !== undefined && { options }),
    });
    await bus.send(bench.queue(), { n: 1 });
    return undefined;
  } catch (error) {
    return error;
  }
}

function checkNoSecret(value: unknown): void {
  const text = inspect(value, { depth: 10, showHidden: true });
  assert(!text.includes(secret), `it holds the password: ${text.replaceAll(secret, "•••")}`);
}

function checkSense(claimed: Manifest): void {
  for (const [name, value] of Object.entries(claimed)) {
    if (typeof value === "number") assert(value >= 0, `${name} is ${value}`);
  }
  const { maxBytes, maxHeaderBytes, leaseMs, maxHold } = claimed;
  assert(maxBytes >= 1_024, `maxBytes is ${maxBytes}`);
  assert(maxHeaderBytes >= 0, `maxHeaderBytes is ${maxHeaderBytes}`);
  assert(maxHold >= leaseMs, `maxHold ${maxHold} is less than a lease of ${leaseMs}`);
}

function printed(claimed: Manifest): string {
  return inspect({ ...claimed, can: [...claimed.can].sort() }, { sorted: true });
}
