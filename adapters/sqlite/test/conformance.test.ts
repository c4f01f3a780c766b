import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conformance } from "@waybill/conformance";
import { adapter } from "@waybill/sqlite";
import { describe, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "waybill-"));
const url = (): string => `sqlite:${join(folder, randomUUID())}.db`;
const controls = { processes: { module: "@waybill/sqlite" } };
const report = new URL("../conformance.json", import.meta.url);
await conformance({ runner: { describe, test }, adapter, url, options: { leaseMs: 800 }, controls, report });
