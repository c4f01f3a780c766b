import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type Random, seededRandom } from "@waybill/core";
import { Course, type Direction } from "./course.ts";
import { type DropReplyOptions, dropReply } from "./drop-reply.ts";
import { Link, type Target } from "./link.ts";

export interface FaultProxyOptions {
  /** The server: its URL, which names a port, or host and port. */
  readonly to: string | URL | { readonly host: string; readonly port: number };
  /** Where jitter comes from; default the same numbers each time. */
  readonly random?: Random | undefined;
}

/**
 * A TCP proxy on a free port of 127.0.0.1 that does to a link what networks do. It begins as a link without faults; each fault
 * lasts until it is ended, and holds for later connections too. Disposing of it cuts all connections.
 */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** How many connections are open. */
  readonly connections: number;
  readonly toServer: Direction;
  readonly toClient: Direction;
  /** The same URL with the proxy's host and port. */
  url(original: string | URL): string;
  /** Ends all connections with RST. New ones are taken. */
  cut(): void;
  /** New connections are refused by the system, as if no server ran; those that are open stay. */
  refuse(): Promise<void>;
  /** New connections are taken again, on the same port. */
  accept(): Promise<void>;
  /** Nothing passes in either direction, and all connections stay open. */
  blackHole(): void;
  /** Ends every fault of both directions, and accepts. Connections that have lost bytes are cut. */
  heal(): Promise<void>;
  /**
   * Lets a request pass, swallows what the server answers and cuts the connection once the server has said it: whoever asked cannot
   * know whether it was done. Resolves to true when that has happened, to false if the proxy ends before.
   */
  dropReply(options?: DropReplyOptions): Promise<boolean>;
}

/**
 * Puts a link that can fail before a server.
 * @throws TypeError for a URL without a port
 */
export async function faultProxy({ to, random = seededRandom(1) }: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new TcpProxy(targetOf(to), random);
  await proxy.accept();
  return proxy;
}

class TcpProxy implements FaultProxy {
  readonly toServer: Course;
  readonly toClient: Course;
  readonly #to: Target;
  readonly #links = new Set<Link>();
  readonly #ended = Promise.withResolvers<false>();
  #server: Server | undefined;
  #port = 0;

  constructor(to: Target, random: Random) {
    this.#to = to;
    this.toServer = new Course(random);
    this.toClient = new Course(random);
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#links.size;
  }

  url(original: string | URL): string {
    const url = new URL(original);
    const endpoint = endpointOf(url);
    const server = endpoint ?? url;
    server.hostname = "127.0.0.1";
    server.port = String(this.#port);
    if (endpoint !== undefined) url.searchParams.set(endpointName, endpoint.href);
    return url.href;
  }

  cut(): void {
    for (const link of this.#links) link.cut();
  }

  async refuse(): Promise<void> {
    this.#server?.close();
    this.#server = undefined;
  }

  async accept(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#connected(client));
    this.#server = server;
    server.listen({ host: "127.0.0.1", port: this.#port });
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
  }

  blackHole(): void {
    this.toServer.blackHole();
    this.toClient.blackHole();
  }

  async heal(): Promise<void> {
    this.toServer.pass();
    this.toClient.pass();
    await this.accept();
  }

  dropReply(options: DropReplyOptions = {}): Promise<boolean> {
    return Promise.race([dropReply(this.toServer, options), this.#ended.promise]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse();
    this.cut();
    await Promise.all([...this.#links].map(({ closed }) => closed));
    this.#ended.resolve(false);
  }

  #connected(client: Socket): void {
    const link = new Link(client, this.#to, this);
    this.#links.add(link);
    void link.closed.then(() => this.#links.delete(link));
  }
}

function targetOf(to: FaultProxyOptions["to"]): Target {
  if (typeof to === "object" && !(to instanceof URL)) return to;
  const url = new URL(to);
  const { hostname, port } = endpointOf(url) ?? url;
  if (hostname === "" || port === "")
    throw new TypeError("the URL of a proxied server names no host and port; add them");
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

/** Where a URL names a region by its host, the server is another one. */
const endpointName = "endpoint";

function endpointOf(url: URL): URL | undefined {
  const endpoint = url.searchParams.get(endpointName);
  return endpoint === null ? undefined : new URL(endpoint);
}
