import type { Shape } from "@waybill/core";
import type { Client } from "./client.ts";
import { keysOfSource, sourceKey } from "./names.ts";
import { route } from "./scripts/topology.ts";
import { written } from "./written.ts";

/** An inbox as a message finds it. */
export interface Target {
  readonly base: string;
  readonly ordered: boolean;
  /** How many priorities it has. */
  readonly levels: number;
}

/** How a topic's groups are written down: whether ordered, and the levels; one that replays gets nothing new. */
export function stateOf({ ordered, levels }: Pick<Target, "ordered" | "levels">): string {
  return `${Number(ordered)} ${levels}`;
}

/** What somebody else wrote there is taken for the one level that every inbox has. */
function levelsOf(written: number | undefined): number {
  return written !== undefined && Number.isInteger(written) && written > 0 ? written : 1;
}

/** Where the messages of a topic or queue go, as of a version of its groups. */
export interface Route {
  readonly source: string;
  readonly version: string;
  readonly shape: Shape;
  readonly targets: readonly Target[];
}

/**
 * Where messages go, looked up once: the server compares the version and says when it is another, so that no message misses a group
 * that was there before it (SUB-1).
 */
export class Routes {
  readonly #namespace: string;
  readonly #known = new Map<string, Route>();

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  known(name: string): Route | undefined {
    return this.#known.get(name);
  }

  /** It is another by now. */
  forget(name: string): void {
    this.#known.delete(name);
  }

  /** Undefined for a topic or queue that was never declared. */
  async load(client: Client, name: string): Promise<Route | undefined> {
    const source = sourceKey(this.#namespace, name);
    const reply = await client.run(route, keysOfSource(source), [source]);
    if (!Array.isArray(reply)) return undefined;
    const [shape, version, groups] = reply as [Buffer, Buffer, readonly Buffer[]];
    const targets: Target[] = [];
    for (let index = 0; index < groups.length; index += 2) {
      const state = String(groups[index + 1]);
      const [ordered, levels] = state.split(" ").map(Number);
      if (state !== "replaying")
        targets.push({ base: String(groups[index]), ordered: ordered === 1, levels: levelsOf(levels) });
    }
    const found = { source, version: String(version), shape: written(shape, `"${name}"`) as Shape, targets };
    this.#known.set(name, found);
    return found;
  }
}
