import { orSkip } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { Membership } from "../src/members.ts";
import { opened, settingsFor } from "./connection.ts";
import { startServer } from "./start-server.ts";

const server = await orSkip(startServer());
afterAll(() => server?.stop());

describe.skipIf(server === undefined)("a member", () => {
  test("leaves once, and who could not join has not left", async () => {
    await using it = await opened(settingsFor(server?.url ?? ""));
    let left = 0;
    const leave = (): void => void (left += 1);
    await expect(Membership.join(it.connection, "none", leave)).rejects.toMatchObject({ code: "MISSING" });
    const channel = await it.connection.model.createChannel();
    await channel.assertQueue("members");
    const member = await Membership.join(it.connection, "members", leave);
    expect(await member.count()).toBe(1);
    expect(left).toBe(0);
    await member.leave();
    expect(left).toBe(1);
  });
});
