import { conformance } from "@waybill/conformance";
import { describe, test } from "vitest";
import { adapter } from "./toy.ts";

await conformance({ runner: { describe, test }, adapter, url: () => "toy:" });
