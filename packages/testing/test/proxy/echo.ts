import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type FaultProxy, faultProxy, type FaultProxyOptions } from "@waybill/testing";
import { onTestFinished } from "vitest";

/** A server for one test that does what it is told with each connection; by default it says everything back. */
export async function server(serve: (socket: Socket) => void = (socket) => socket.pipe(socket)): Promise<number> {
  const sockets = new Set<Socket>();
  const listening = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    serve(socket);
  });
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listening.close();
  });
  return (listening.address() as AddressInfo).port;
}

/** A proxy for one test. */
export async function proxyTo(port: number, options: Partial<FaultProxyOptions> = {}): Promise<FaultProxy> {
  const proxy = await faultProxy({ to: { host: "127.0.0.1", port }, ...options });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return proxy;
}

/** One end of a connection, and what it has come to. */
export class Client {
  readonly socket: Socket;
  readonly chunks: Buffer[] = [];
  /** `end` of the other side, `close` without an error, or the error's code. */
  readonly events: string[] = [];
  readonly #changed = new Set<() => void>();

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.socket.on("data", (chunk: Buffer) => this.#note(() => this.chunks.push(chunk)));
    this.socket.on("end", () => this.#note(() => this.events.push("end")));
    this.socket.on("error", (error: NodeJS.ErrnoException) => this.#note(() => this.events.push(error.code ?? "?")));
    this.socket.on("close", () => this.#note(() => this.events.push("close")));
    onTestFinished(() => void this.socket.destroy());
  }

  static async open(port: number): Promise<Client> {
    const client = new Client(port);
    await once(client.socket, "connect");
    return client;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString("latin1");
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Sends a byte, and waits until one more has come. */
  async roundTrip(): Promise<void> {
    const before = this.text.length;
    this.send(".");
    await this.until(() => this.text.length > before);
  }

  /** Resolves once it holds; the test's own time is the bound. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#changed.add(resolve);
      await promise;
      this.#changed.delete(resolve);
    }
  }

  #note(change: () => void): void {
    change();
    for (const changed of this.#changed) changed();
  }
}
