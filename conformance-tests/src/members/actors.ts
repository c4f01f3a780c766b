import type { Actor, ActorOptions } from "./actor.ts";
import { Host } from "./host.ts";
import { Loader } from "./loader.ts";

/** The one that does what a spec says. */
export function actorOf(options: ActorOptions): Actor {
  const { load } = options.spec;
  return load === undefined ? new Host(options) : new Loader(options, load);
}
