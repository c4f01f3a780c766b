import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { AwsIdentity, Settings } from "./url.ts";

/** More than all that is ever under way: a poll that waits for a socket would be no poll. */
const maxSockets = 512;

/** The SDK's clients. Each request is made once: what is repeated, and when, is decided by who knows what it does. */
export interface Clients {
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
}

export function clientsOf(settings: Settings): Clients {
  const { endpoint, snsEndpoint } = settings;
  const common = { ...identityOf(settings), region: settings.region, maxAttempts: 1 };
  return {
    sqs: new SQSClient({
      ...common,
      ...(endpoint === undefined ? {} : { endpoint }),
      // An emulator's URLs may name a host that only it knows.
      useQueueUrlAsEndpoint: endpoint === undefined,
      requestHandler: handlerOf(settings),
    }),
    sns: new SNSClient({
      ...common,
      ...(snsEndpoint === undefined ? {} : { endpoint: snsEndpoint }),
      requestHandler: handlerOf(settings),
    }),
  };
}

function handlerOf({ requestTimeoutMs }: Settings): object {
  const agent = { keepAlive: true, maxSockets };
  return { connectionTimeout: Math.min(requestTimeoutMs, 5_000), httpAgent: agent, httpsAgent: agent };
}

function identityOf({ credentials, profile, endpoint }: Settings): object {
  if (credentials?.kind === "provider") return { credentials: credentials.provide };
  if (credentials !== undefined) {
    const { id, secret, session } = credentials;
    const provide = async (): Promise<AwsIdentity> => ({
      accessKeyId: id,
      secretAccessKey: secret.reveal(),
      ...(session === undefined ? {} : { sessionToken: session.reveal() }),
    });
    return { credentials: provide };
  }
  if (profile !== undefined) return { profile };
  // An emulator on this machine takes anything, and should not need what AWS does.
  if (endpoint !== undefined && isLocal(endpoint))
    return { credentials: { accessKeyId: "local", secretAccessKey: "local" } };
  return {};
}

function isLocal(endpoint: string): boolean {
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(endpoint).hostname);
}
