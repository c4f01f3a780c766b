import { describe, test } from "node:test";
import { conformance } from "@waybill/conformance";
import { adapter } from "./toy.ts";

await conformance({ runner: { describe, test }, adapter, url: () => "toy:" });
