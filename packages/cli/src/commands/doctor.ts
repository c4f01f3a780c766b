import process from "node:process";
import type { ResolvedConfig } from "@waybill/config";
import { type Bus, connect, type Manifest, permissionsOf } from "@waybill/core";
import type { Command, ExitCode, Invocation } from "../command.ts";
import { anyTopic } from "../definitions.ts";
import { codeOf } from "../error-code.ts";
import { findInbox, inboxNameOf } from "../inboxes.ts";
import { plain } from "../layout.ts";
import { masked } from "../masked.ts";
import { configOf } from "../open-bus.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "Says what is right and what is wrong: Node, settings, connection, topology",
  operands: "",
  details: [
    "✓ is right, ✗ is wrong, · is neither. It creates nothing, and shows no secret. Exit code 1 if something is wrong.",
  ],
  flags: [{ name: "iam", summary: "nothing is examined: prints the least IAM policy for these settings, of sqs:" }],
  examples: [
    "waybill doctor",
    "waybill doctor --url sqlite:./waybill.db --json",
    "waybill doctor --url sqs://eu-central-1 --iam",
  ],
  run: async (invocation) =>
    invocation.args.has("iam") ? await printPolicy(invocation) : await new Examination(invocation).run(),
};

async function printPolicy(invocation: Invocation): Promise<ExitCode> {
  const { settings } = await configOf(invocation);
  const policy = await permissionsOf(settings);
  await invocation.output.result(policy, JSON.stringify(policy, undefined, 2));
  return 0;
}

type Mark = "✓" | "✗" | "·";
const oldestNode = [22, 13] as const;

class Examination {
  readonly #invocation: Invocation;
  #wrong = false;

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
  }

  async run(): Promise<ExitCode> {
    await this.#node();
    const config = await this.#config();
    if (config !== undefined) await this.#connection(config);
    return this.#wrong ? 1 : 0;
  }

  async #node(): Promise<void> {
    const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
    const isNew = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
    await this.#say(
      isNew ? "✓" : "✗",
      "node",
      `${process.versions.node}${isNew ? "" : `; use ${oldestNode.join(".")} or newer`}`,
    );
  }

  async #config(): Promise<ResolvedConfig | undefined> {
    try {
      const config = await configOf(this.#invocation);
      await this.#say("✓", "configuration", config.file ?? "no file");
      for (const [name, origin] of Object.entries(config.origins)) {
        await this.#say("·", name, `${shown(name, config)} (${origin})`);
      }
      return config;
    } catch (error) {
      await this.#say("✗", "configuration", messageOf(error));
      return undefined;
    }
  }

  async #connection({ settings }: ResolvedConfig): Promise<void> {
    const startedAt = performance.now();
    let bus: Bus;
    try {
      bus = await connect({ ...settings, topology: "verify" });
    } catch (error) {
      const fresh = codeOf(error) === "MISSING" && settings.topology !== "verify";
      if (fresh) await this.#say("·", "connection", "nothing is there yet; the first service that connects makes it");
      else await this.#say("✗", "connection", messageOf(error));
      return;
    }
    await using _ = bus;
    await this.#say("✓", "connection", `in ${Math.round(performance.now() - startedAt)} ms`);
    await this.#say("✓", "carrier", claimsOf(bus.manifest(anyTopic("doctor", plain))));
    for (const name of Object.keys(settings.consumers ?? {})) await this.#consumer(bus, name, settings.topology);
  }

  async #consumer(bus: Bus, name: string, topology: "create" | "verify" | undefined): Promise<void> {
    try {
      const inbox = await findInbox(bus, inboxNameOf(name));
      const { dead } = await inbox.stats();
      const letters = dead === 1 ? "dead letter" : "dead letters";
      await this.#say("✓", name, dead === undefined || dead === 0 ? "is there" : `is there, with ${dead} ${letters}`);
    } catch (error) {
      const fresh = codeOf(error) === "MISSING" && topology !== "verify";
      await this.#say(
        fresh ? "·" : "✗",
        name,
        fresh ? "is not there yet; its first consumer makes it" : messageOf(error),
      );
    }
  }

  async #say(mark: Mark, what: string, text: string): Promise<void> {
    if (mark === "✗") this.#wrong = true;
    const ok = mark === "·" ? undefined : mark === "✓";
    await this.#invocation.output.result({ what, ok, text }, `${mark} ${what}: ${text}`);
  }
}

/** A setting as it may be shown: no user info, no query, nothing of what is an adapter's own. */
function shown(name: string, { settings }: ResolvedConfig): string {
  if (name === "url") return masked(settings.url);
  if (name === "sections") return namesOf(settings.sections);
  if (name === "consumers") return namesOf(settings.consumers);
  return String(Object.entries(settings).find(([key]) => key === name)?.[1]);
}

function namesOf(record: object | undefined): string {
  return Object.keys(record ?? {}).join(", ");
}

function claimsOf(manifest: Manifest): string {
  const { order, attempts, move, durability, can } = manifest;
  return `order ${order}, attempts ${attempts}, move ${move}, durability ${durability}, can ${[...can].join(" ")}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
