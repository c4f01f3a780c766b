/** Runs `work` until it has run `count` times, `width` at once. */
export async function inParallel(
  count: number,
  width: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, one));
}

/** Thousands a second, from a count and the ms it took. */
export function perSecond(count: number, ms: number): number {
  return count / ms;
}

/** How long `work` takes, in ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** How long one who consumes by hand takes to handle so many of what waits, in ms. */
export async function handledBy(
  raw: { consume(count: number, handle: (data: unknown, headers: unknown) => void): Promise<void> },
  count: number,
): Promise<number> {
  let handled = 0;
  const handle = (data: unknown, headers: unknown): void => {
    if (data !== null && headers !== null) handled += 1;
  };
  const took = await timed(() => raw.consume(count, handle));
  if (handled !== count) throw new Error(`by hand: handled ${handled} of ${count}`);
  return took;
}

/** The CPU time of one of `count`, in µs. */
export async function cpuEach(count: number, work: () => Promise<void>): Promise<number> {
  const from = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / count;
}
