import type { Progress } from "./siege.ts";

/** How often it tells, ms. */
const every = 5_000;

/** Tells how a run goes, a line every few seconds, until what it gives is called. */
export function reporting(look: () => Progress, print: (line: string) => void): () => void {
  const began = performance.now();
  let [last, at] = [look(), began];
  const timer = setInterval(() => {
    const [now, seen] = [performance.now(), look()];
    print(lineOf(seen, last, { seconds: (now - at) / 1_000, elapsed: now - began }));
    [last, at] = [seen, now];
  }, every);
  return () => clearInterval(timer);
}

/** `00:15  published 812/s  handled 1604/s  kill 7  pause 3  depth 412` */
export function lineOf(
  seen: Progress,
  before: Progress,
  { seconds, elapsed }: { readonly seconds: number; readonly elapsed: number },
): string {
  const rate = (what: "published" | "handled"): string =>
    `${what} ${Math.round((seen[what] - before[what]) / seconds)}/s`;
  const time = new Date(elapsed).toISOString().slice(14, 19);
  const strikes = Object.entries(seen.strikes).map(([name, count]) => `${name} ${count}`);
  return [time, rate("published"), rate("handled"), ...strikes, `depth ${seen.depth ?? "not told"}`].join("  ");
}
