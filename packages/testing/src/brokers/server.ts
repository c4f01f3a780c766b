import type { BrokerKind, BrokerOptions } from "./broker.ts";
import type { Launch } from "./server-process.ts";

/** What there is to know about one kind of server: where it is found, how it is started, and whether it answers. */
export interface Server<Options extends BrokerOptions = BrokerOptions> {
  readonly kind: BrokerKind;
  /** How to get it, for a person: the end of a sentence that begins with "no redis server here: ". */
  readonly hint: string;
  /** Whether any server will do: the options ask for nothing that only a private one can give. */
  suitsAny(options: Options): boolean;
  /** The URL for `connect` of one that listens there. */
  urlOf(at: Endpoint, options: Options): string;
  /** The server's version, or an empty text where it does not tell. Rejects while it is not ready. */
  readonly probe: (url: string) => Promise<string>;
  /** What its tool does before it is killed, so that what it has confirmed outlives that. */
  readonly beforeKill?: readonly string[];
  readonly container?: ServerImage<Options>;
  readonly native: {
    /** The distances from its port of other ports that it needs. */
    readonly offsets: readonly number[];
    /** The server on this machine: what prepares an empty directory and says how to start it there. None is there: undefined. */
    find(options: Options): Promise<((directory: string, port: number) => Promise<Launch>) | undefined>;
    /** Installs it, on a machine of CI. */
    install(options: Options): Promise<void>;
  };
}

/** A server in a container. */
export interface ServerImage<Options extends BrokerOptions = BrokerOptions> {
  readonly image: string;
  /** The port inside of the container. */
  readonly port: number;
  /** The server's tool of administration, which is in the image. */
  readonly tool?: readonly string[] | undefined;
  /** Whether a container can be given these options. */
  suits(options: Options): boolean;
  /** What is passed to the image, whose server is then reached there. */
  settings(at: Endpoint, options: Options): ContainerSettings;
}

/** Where a server listens. */
interface Endpoint {
  readonly host: string;
  readonly port: number;
}

interface ContainerSettings {
  readonly command?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Files that the image is given, by their paths. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}
