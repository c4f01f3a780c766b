import { Command } from "ioredis";
import type { Argument } from "./packet.ts";
import type { Node } from "./url.ts";

const count = 16_384;

/** Which master of a cluster owns which slot. */
export class Slots {
  readonly #owners: (Node | undefined)[];

  private constructor(owners: (Node | undefined)[]) {
    this.#owners = owners;
  }

  /** Reads what CLUSTER SLOTS replied; a node that does not know its own address is the one that was asked. */
  static of(reply: unknown, asked: Node): Slots {
    const owners = Array.from<Node | undefined>({ length: count });
    for (const range of arrayOf(reply)) {
      const [from, to, master] = arrayOf(range);
      const [host, port] = arrayOf(master);
      const name = Buffer.isBuffer(host) ? host.toString() : "";
      owners.fill(
        { host: name === "" || name === "?" ? asked.host : name, port: Number(port) },
        Number(from),
        Number(to) + 1,
      );
    }
    return new Slots(owners);
  }

  /** The owner of a slot; of none in particular, any. */
  ownerOf(slot: number | undefined): Node | undefined {
    return slot === undefined ? this.#owners.find((owner) => owner !== undefined) : this.#owners[slot];
  }

  /** The masters, each once. */
  get masters(): readonly Node[] {
    return [...new Set(this.#owners.filter((owner) => owner !== undefined))];
  }

  moved(slot: number, owner: Node): void {
    this.#owners[slot] = owner;
  }
}

/** The slot of the first key that a command names. */
export function slotOf(name: string, args: readonly Argument[]): number | undefined {
  return new Command(name, args.map(String)).getSlot() ?? undefined;
}

export function slotOfKey(key: string): number | undefined {
  return slotOf("GET", [key]);
}

/** Where an error reply sends us: for good, or (ASK) this once. */
export interface Redirect {
  readonly once: boolean;
  readonly slot: number;
  readonly node: Node;
}

/** Reads `MOVED 3999 10.0.0.2:6381` and `ASK …`; a reply without a host means the one that was asked. */
export function redirectOf(thrown: unknown, asked: Node): Redirect | undefined {
  const [, kind, slot, host, port] =
    (thrown instanceof Error && /^(MOVED|ASK) (\d{1,5}) (.*):(\d{1,5})$/.exec(thrown.message)) || [];
  if (kind === undefined || Number(slot) >= count) return undefined;
  const node = { host: host === undefined || host === "" || host === "?" ? asked.host : host, port: Number(port) };
  return { once: kind === "ASK", slot: Number(slot), node };
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
