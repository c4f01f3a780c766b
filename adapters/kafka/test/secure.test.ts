import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { AclOperations, AclPermissionTypes, Admin, ResourcePatternTypes, ResourceTypes } from "@platformatic/kafka";
import { Certificates } from "@waybill/test-servers";
import { afterAll, describe, expect, test } from "vitest";
import { Member, type Rig, containing, declared, eventually, inboxOf, rigOn, sent, sourceOf } from "./rig.ts";
import { withServer } from "./server.ts";

/** How long a login by SCRAM-SHA-512 lasts. */
const loginMs = 2_000;
const certificates = new Certificates();
certificates.vouchFor("server", "kafka.test");
const { broker, missing } = await withServer({
  sources: ["native"],
  tls: { cert: certificates.path("server.pem"), key: certificates.path("server.key") },
  users: { admin: "of-all", ann: "hers", bob: "his" },
  settings: {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS;User:admin",
    "listener.name.client.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
    "listener.name.client.oauthbearer.connections.max.reauth.ms": "600000",
    "listener.name.client.scram-sha-512.connections.max.reauth.ms": String(loginMs),
    // Tokens that nobody has signed, which is for tests alone.
    "listener.name.client.oauthbearer.sasl.jaas.config":
      'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
  },
});
const ca = certificates.read("ca.pem");
const servername = "kafka.test";
const trusting = { ca, servername };
const admin = new Admin({
  clientId: "tests",
  bootstrapBrokers: [new URL(broker.url).host],
  tls: { ca, servername },
  tlsServerName: servername,
  sasl: { mechanism: "PLAIN", username: "admin", password: "of-all" },
});
afterAll(async () => {
  await admin.close();
  await broker.stop();
  certificates[Symbol.dispose]();
});

const as = (user: string, password: string): string => broker.url.replace("kafkas://", `kafkas://${user}:${password}@`);

/** Allows everything with what has a name that begins so. */
async function allow(user: string, kind: keyof typeof ResourceTypes, prefix: string): Promise<void> {
  const what = {
    resourceType: ResourceTypes[kind],
    resourceName: prefix,
    resourcePatternType: ResourcePatternTypes.PREFIXED,
  };
  const who = { principal: `User:${user}`, host: "*", operation: AclOperations.ALL };
  await admin.createAcls({ creations: [{ ...what, ...who, permissionType: AclPermissionTypes.ALLOW }] });
}

/** A token that says who we are, for so many seconds. */
function tokenOf(sub: string, lifeS = 600): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Date.now() / 1_000;
  return `${part({ alg: "none" })}.${part({ sub, iat: now - 100, exp: now + lifeS })}.`;
}

/** Sends and gets, one by one, for as long as what `begin` gives says; gives what was reported meanwhile. */
async function goesOn(rig: Rig, begin: () => () => boolean): Promise<Rig["reports"]> {
  const queue = sourceOf("q");
  await declared(rig, queue);
  await using member = await Member.of(rig, inboxOf(queue), 10_000);
  await sent(rig, queue, "m0");
  await member.has("m0");
  // A broker that nobody has asked before may have had to get ready.
  const early = rig.reports.length;
  const lasts = begin();
  for (let next = 1; lasts(); next += 1) {
    expect(await sent(rig, queue, `m${next}`)).toEqual(["stored"]);
    await member.hasSome(next + 1);
  }
  return rig.reports.slice(early);
}

describe.skipIf(missing).each(["platformatic", "kafkajs"])("over TLS, %s", (driver) => {
  const options = { ...trusting, driver };

  test.each(["plain", "scram-sha-256", "scram-sha-512"])("by %s the right password lets us in", async (sasl) => {
    await using rig = await rigOn(as("admin", "of-all"), { ...options, sasl });
    const queue = sourceOf("q");
    await declared(rig, queue);
    expect(await sent(rig, queue, "a")).toEqual(["stored"]);
    await using member = await Member.of(rig, inboxOf(queue));
    await member.has("a");
  });

  test.each(["plain", "scram-sha-256"])("by %s a wrong password does not, and is not shown", async (sasl) => {
    const error: unknown = await rigOn(as("admin", "wr0ng"), { ...options, sasl }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "PERMISSION", message: expect.not.stringContaining("wr0ng") as string });
  });

  test("by a token we are whom it names", async () => {
    await using rig = await rigOn(broker.url, { ...options, token: () => tokenOf("admin") });
    await declared(rig, sourceOf("q"));
    await using other = await rigOn(broker.url, { ...options, token: () => tokenOf("bob") });
    await expect(declared(other, sourceOf("q"))).rejects.toMatchObject({ code: "PERMISSION" });
  });

  test("a token that has expired lets nobody in, and is not shown", async () => {
    const token = tokenOf("admin", -1);
    const error: unknown = await rigOn(broker.url, { ...options, token: () => token }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "PERMISSION", message: containing("the token may have expired") });
    expect(String(error)).not.toContain(token);
  });

  test("before a token ends another one is asked for, and nothing that is under way breaks off", async () => {
    let asked = 0;
    const token = (): string => {
      asked += 1;
      return tokenOf("admin", 5);
    };
    await using rig = await rigOn(broker.url, { ...options, token });
    const reports = await goesOn(rig, () => {
      const first = asked;
      return () => asked < first + 3;
    });
    expect(reports).toEqual([]);
  });

  test("before a login by password ends there is another one, and nothing that is under way breaks off", async () => {
    await using rig = await rigOn(as("admin", "of-all"), { ...options, sasl: "scram-sha-512" });
    const reports = await goesOn(rig, () => {
      const end = performance.now() + 3 * loginMs;
      return () => performance.now() < end;
    });
    expect(reports).toEqual([]);
  });

  test("who does not say who they are is not let in, and told what may be missing", async () => {
    await expect(rigOn(broker.url, options)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: containing("user and password"),
    });
  });

  test("an authority that we do not know is named", async () => {
    await expect(rigOn(as("admin", "of-all"), { servername, driver })).rejects.toMatchObject({
      code: "CONFIG",
      message: containing("certificate"),
    });
  });
});

test.skipIf(missing)("a client that speaks no TLS is told so", async () => {
  await expect(rigOn(broker.url.replace("kafkas://", "kafka://"))).rejects.toMatchObject({
    message: containing("kafkas://"),
  });
});

describe.skipIf(missing)("ACLs", () => {
  test("that allow no topic are named", async () => {
    await using rig = await rigOn(as("bob", "his"), trusting);
    await expect(declared(rig, sourceOf("q"))).rejects.toMatchObject({
      code: "PERMISSION",
      message: containing("allow it in the ACLs of the topic"),
    });
  });

  test("that allow topics and no group are named; both of our prefix are all we need", async () => {
    const namespace = `t-${randomUUID()}`;
    const prefix = namespace.replaceAll("-", "-2d");
    await allow("ann", "TOPIC", prefix);
    await using rig = await rigOn(as("ann", "hers"), trusting, { namespace });
    const queue = sourceOf("q");
    await eventually(() => declared(rig, queue));
    expect(await sent(rig, queue, "a")).toEqual(["stored"]);
    await expect(Member.of(rig, inboxOf(queue))).rejects.toMatchObject({
      code: "PERMISSION",
      message: containing("allow it in the ACLs of the group"),
    });
    await allow("ann", "GROUP", prefix);
    // It takes the broker a moment to know.
    await eventually(async () => {
      await using member = await Member.of(rig, inboxOf(queue));
      await member.has("a");
    });
  });
});
