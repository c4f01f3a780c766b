import { cpuEach } from "./load.ts";

/** A server of our own, which ends with the bench. */
export interface CountedServer extends AsyncDisposable {
  readonly url: string;
  /** The CPU time the server has taken so far, µs. */
  cpu(): Promise<number>;
}

/** The CPU time of one of `count`, this process's and the server's together, µs. */
export async function cpuOfBoth(server: CountedServer, count: number, work: () => Promise<void>): Promise<number> {
  const before = await server.cpu();
  const own = await cpuEach(count, work);
  return own + ((await server.cpu()) - before) / count;
}
