import { type Duration, type Headers, milliseconds, type PublishOptions } from "@waybill/core";
import type { Arguments } from "../arguments.ts";
import type { Command, ExitCode, Invocation } from "../command.ts";
import { codeOf } from "../error-code.ts";
import { destinationOf, keyOf, producerFor } from "../destination.ts";
import { InFlight } from "../in-flight.ts";
import { inputOf } from "../input.ts";
import { openBus } from "../open-bus.ts";
import { Publishing } from "../publishing.ts";
import { fromUser, UsageError } from "../usage-error.ts";

export const publish: Command = {
  name: "publish",
  summary: "Publishes to a topic, or sends to a queue",
  operands: "[topic] [data…]",
  details: [
    "Each operand is one message, as JSON; - reads NDJSON from standard input. A line that is not JSON is named by its",
    "number and left out, the rest goes on, and the exit code is 2. The topic has to be there, unless --create is given.",
  ],
  flags: [
    { name: "queue", value: "name", summary: "a queue, instead of a topic; all operands are data then" },
    { name: "file", value: "file", summary: "NDJSON, a message a line" },
    { name: "key", value: "key", summary: "what belongs together, for all of them" },
    { name: "key-of", value: "member", summary: "the member of the data that is its key" },
    { name: "header", value: "name=value", summary: "may be given several times" },
    { name: "delay", value: "time", summary: "not delivered before: 250ms, 5s, 2h" },
    { name: "priority", value: "n", summary: "0 is the lowest" },
    { name: "data-version", value: "n", summary: "the version of the data; default 1" },
    { name: "create", summary: "make the topic or queue if it is not there" },
    { name: "ordered", summary: "with --create: messages of one key one after the other" },
    { name: "priorities", value: "n", summary: "with --create: the number of priority levels" },
    { name: "retain", value: "time", summary: "with --create: how long a topic keeps messages for replay" },
  ],
  examples: [
    `waybill publish order.placed '{"orderId":"o-1","total":42}' --key c-7`,
    `waybill publish --queue email.send --file emails.ndjson`,
    `generate | waybill publish order.placed - --key-of customerId`,
  ],
  run,
};

async function run(invocation: Invocation): Promise<ExitCode> {
  const { args, signal } = invocation;
  const [to, data] = destinationOf(args);
  const input = await inputOf(args.text("file"), data, signal);
  const options = optionsOf(args);
  const key = keyOf(args);
  if (args.has("ordered") && key === undefined) throw new UsageError("--ordered needs --key or --key-of");
  try {
    const { bus, config } = await openBus(invocation, args.has("create") ? "create" : "verify");
    await using _ = bus;
    const { maxBufferedBytes = 64 * 2 ** 20 } = config.settings;
    const inFlight = new InFlight({ count: 1_000, bytes: maxBufferedBytes / 4 });
    const producer = await producerFor(bus, args, { name: to, key });
    return await new Publishing(invocation, producer, { ...input, options, inFlight }).run();
  } catch (error) {
    if (codeOf(error) !== "MISSING" || !(error instanceof Error)) throw error;
    throw new Error(`${error.message}; --create makes it`, { cause: error });
  }
}

function optionsOf(args: Arguments): PublishOptions<boolean> {
  const delay = args.text("delay");
  const priority = args.text("priority");
  return {
    headers: headersOf(args.all("header")),
    ...(delay === undefined ? {} : { delay: fromUser(() => milliseconds(delay as Duration, "--delay")) }),
    ...(priority === undefined ? {} : { priority: Number(priority) }),
  };
}

function headersOf(given: readonly string[]): Headers {
  const pairs = given.map((header) => {
    const at = header.indexOf("=");
    if (at < 1) throw new UsageError(`--header ${JSON.stringify(header)} is no header; write name=value`);
    return [header.slice(0, at), header.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}
