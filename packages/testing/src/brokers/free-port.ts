import { createServer } from "node:net";
import { randomInt } from "node:crypto";

/** Below the ports that systems give to outgoing connections: nobody takes it while the server is down for a moment. */
const lowest = 10_000;
const highest = 30_000;
const attempts = 100;

/** A port of 127.0.0.1 that nobody listens on, with those that lie `offsets` above it. */
export async function freePort(offsets: readonly number[] = []): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(lowest, highest);
    const free = await Promise.all([0, ...offsets].map((offset) => isFree(port + offset)));
    if (free.every(Boolean)) return port;
  }
  throw new Error(`found no free port between ${lowest} and ${highest} of 127.0.0.1 in ${attempts} attempts`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
