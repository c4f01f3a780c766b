import { Addresses, Connections } from "../connections.ts";
import type { Driver } from "../driver.ts";
import type { Settings } from "../url.ts";
import { loadClient } from "./client.ts";
import { openingOf } from "./opening.ts";
import { KafkajsSession } from "./session.ts";

/** The requests and connections of kafkajs. @throws WaybillError `CONFIG` where it is not installed */
export function kafkajsDriver(settings: Settings): Driver {
  const client = loadClient();
  const addresses = new Addresses(settings);
  return {
    session(timeoutMs) {
      const connections = new Connections(openingOf(client, settings, timeoutMs), settings, addresses);
      return new KafkajsSession(client, connections, addresses, timeoutMs);
    },
  };
}
