import { DriverError } from "./driver.ts";
import type { Node, Settings } from "./url.ts";

/** Where the brokers of a cluster listen, as the cluster itself says, or behind its tunnel. */
export class Addresses {
  readonly #byNode = new Map<number, Node>();
  readonly #tunnel: Node | undefined;

  constructor({ tunnel, seeds }: Settings) {
    this.#tunnel = tunnel ? seeds[0] : undefined;
  }

  get(node: number): Node | undefined {
    return this.#byNode.get(node);
  }

  set(node: number, address: Node): void {
    this.#byNode.set(node, this.#tunnel ?? address);
  }

  all(): readonly Node[] {
    return [...this.#byNode.values()];
  }
}

/** What becomes of a connection. */
export interface Hears {
  /** It is lost. */
  readonly over: () => void;
  /** Its login ends soon. A new one is asked from now on, since logging in again would break off what is under way. */
  readonly old: () => void;
}

/** What opens connections, and what is asked of them. */
export interface Opening<C> {
  /** After so long nothing of what was asked is under way any more, ms. */
  readonly timeoutMs: number;
  /** @throws DriverError */
  connect(at: Node, hears: Hears): Promise<C>;
  /** At once; what is under way on it is lost. */
  close(connection: C): Promise<void>;
}

/** One connection to each broker, opened when it is needed and again when it was lost. */
export class Connections<C> {
  readonly #opening: Opening<C>;
  readonly #seeds: readonly Node[];
  readonly #addresses: Addresses;
  readonly #open = new Map<string, Promise<C>>();
  readonly #old = new Set<Promise<C>>();
  #isClosed = false;

  constructor(opening: Opening<C>, { seeds }: Settings, addresses: Addresses) {
    this.#opening = opening;
    this.#seeds = seeds;
    this.#addresses = addresses;
  }

  /** @throws DriverError `unreachable` */
  to(node: number): Promise<C> {
    const address = this.#addresses.get(node);
    if (address === undefined)
      return Promise.reject(new DriverError("unreachable", "BROKER_NOT_AVAILABLE", `broker ${node} is not known`));
    return this.#at(address);
  }

  /** A connection to whichever broker answers, known ones first. @throws DriverError `unreachable` */
  async any(): Promise<C> {
    let failure: unknown;
    for (const address of [...this.#addresses.all(), ...this.#seeds]) {
      try {
        return await this.#at(address);
      } catch (error) {
        failure = isBetter(error, failure) ? error : failure;
      }
    }
    throw failure;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#open.values(), ...this.#old];
    this.#open.clear();
    await Promise.allSettled(all.map(async (opening) => this.#opening.close(await opening)));
  }

  #at(address: Node): Promise<C> {
    if (this.#isClosed) return Promise.reject(closed());
    const key = `${address.host}:${address.port}`;
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const forget = (): void => {
      if (this.#open.get(key) === opening) this.#open.delete(key);
    };
    const opening = this.#connect(address, {
      over: () => {
        forget();
        this.#old.delete(opening);
      },
      old: () => {
        forget();
        this.#old.add(opening);
        setTimeout(() => void this.#end(opening), this.#opening.timeoutMs).unref();
      },
    });
    this.#open.set(key, opening);
    return opening;
  }

  async #end(old: Promise<C>): Promise<void> {
    this.#old.delete(old);
    // One that was lost before is closed already.
    await old.then((connection) => this.#opening.close(connection)).catch(() => undefined);
  }

  async #connect(address: Node, hears: Hears): Promise<C> {
    let connection: C;
    try {
      connection = await this.#opening.connect(address, hears);
    } catch (error) {
      hears.over();
      throw error;
    }
    if (!this.#isClosed) return connection;
    await this.#opening.close(connection);
    throw closed();
  }
}

function closed(): DriverError {
  return new DriverError("unreachable", "CLOSED", "the session is closed");
}

/** Who was reached and refuses says more than who was not reached. */
function isBetter(error: unknown, than: unknown): boolean {
  return than === undefined || (error instanceof DriverError && error.kind === "refused");
}
