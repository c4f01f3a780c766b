import { type Socket, connect } from "node:net";
import { connect as connectTls } from "node:tls";

const timeoutMs = 2000;

/**
 * Sends commands to a Redis server over a connection of their own and resolves to the replies as text, each one that is no
 * list. It takes any certificate. Rejects with the first reply that is an error.
 */
export async function askRedis(url: string, commands: readonly (readonly string[])[]): Promise<readonly string[]> {
  const { protocol, hostname, port, username, password } = new URL(url);
  const at = { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port || 6379) };
  const login = [username, password].map(decodeURIComponent).filter((part) => part !== "");
  const all = login.length === 0 ? commands : [["AUTH", ...login], ...commands];
  const socket = protocol === "rediss:" ? connectTls({ ...at, rejectUnauthorized: false }) : connect(at);
  try {
    socket.setTimeout(timeoutMs, () =>
      socket.destroy(new Error(`no answer from ${at.host}:${at.port} in ${timeoutMs} ms`)),
    );
    socket.write(all.map(encode).join(""));
    return (await read(socket, all.length)).slice(all.length - commands.length);
  } finally {
    socket.destroy();
  }
}

function encode(command: readonly string[]): string {
  const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  return `*${parts.length}\r\n${parts.join("")}`;
}

async function read(socket: Socket, count: number): Promise<readonly string[]> {
  let rest = "";
  const replies: string[] = [];
  // One character a byte, as the lengths count them.
  for await (const chunk of socket.setEncoding("latin1")) {
    rest += String(chunk);
    for (let end = endOfReply(rest); end !== undefined; end = endOfReply(rest)) {
      replies.push(textOf(rest.slice(0, end)));
      rest = rest.slice(end);
      if (replies.length === count) return replies;
    }
  }
  throw new Error("the server has closed the connection");
}

function endOfReply(text: string): number | undefined {
  const line = text.indexOf("\r\n");
  if (line === -1) return undefined;
  const length = text.startsWith("$") ? Number(text.slice(1, line)) : -1;
  const end = length < 0 ? line + 2 : line + 2 + length + 2;
  return end > text.length ? undefined : end;
}

function textOf(reply: string): string {
  if (reply.startsWith("-")) throw new Error(reply.slice(1, -2));
  return reply.startsWith("$") ? reply.slice(reply.indexOf("\r\n") + 2, -2) : reply.slice(1, -2);
}
