import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conformance, mutants } from "@waybill/conformance";
import { adapter } from "@waybill/sqlite";
import { afterAll, describe, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "waybill-"));
const url = (): string => `sqlite:${join(folder, randomUUID())}.db`;
const controls = { processes: { module: "@waybill/sqlite" } };
const suite = { runner: { describe, test }, adapter, url, options: { leaseMs: 800 }, controls };

afterAll(() => rmSync(folder, { recursive: true }));

await conformance({ ...suite, report: new URL("../conformance.json", import.meta.url) });
await mutants(suite);
