import { once } from "node:events";
import type { Socket } from "node:net";

const timeoutMs = 2000;

/** Writes to a socket, resolves to what has come back once that is `whole`, and closes it. */
export async function exchange(socket: Socket, request: Buffer, isWhole: (answer: Buffer) => boolean): Promise<Buffer> {
  try {
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer in ${timeoutMs} ms`)));
    await once(socket, "connect");
    socket.write(request);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) {
      chunks.push(chunk as Buffer);
      const answer = Buffer.concat(chunks);
      if (isWhole(answer)) return answer;
    }
    throw new Error("the server has closed the connection");
  } finally {
    socket.destroy();
  }
}
