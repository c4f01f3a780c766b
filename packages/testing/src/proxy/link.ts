import { connect, type Socket } from "node:net";
import type { Course, ProxiedConnection } from "./course.ts";
import { Pump } from "./pump.ts";

/** Where the proxy's connections lead. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Courses {
  readonly toServer: Course;
  readonly toClient: Course;
}

/** A client's connection and the one to the server that stands for it. */
export class Link implements ProxiedConnection {
  /** Resolves when both are closed. */
  readonly closed: Promise<void>;
  readonly #sockets: readonly [client: Socket, server: Socket];
  readonly #pumps: { readonly toServer: Pump; readonly toClient: Pump };

  constructor(client: Socket, to: Target, { toServer, toClient }: Courses) {
    const server = connect({ ...to, allowHalfOpen: true, noDelay: true });
    this.#sockets = [client, server];
    this.#pumps = {
      toServer: new Pump({ source: client, sink: server, course: toServer, connection: this }),
      toClient: new Pump({ source: server, sink: client, course: toClient, connection: this }),
    };
    client.on("error", () => this.#pumps.toServer.fail());
    server.on("error", () => this.#pumps.toClient.fail());
    this.closed = Promise.all(this.#sockets.map(closing)).then(() => this.#stop());
  }

  cut(): void {
    this.#stop();
    for (const socket of this.#sockets) reset(socket);
  }

  swallow(direction: keyof Courses, then?: () => void): void {
    this.#pumps[direction].swallow(then);
  }

  #stop(): void {
    this.#pumps.toServer.close();
    this.#pumps.toClient.close();
  }
}

function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once("close", () => resolve()));
}

function reset(socket: Socket): void {
  if (socket.destroyed) return;
  // A reset during the connecting would wait for its end, and one during the shutdown fails.
  if (socket.connecting || (socket.writableEnded && !socket.writableFinished)) socket.destroy();
  else socket.resetAndDestroy();
}
