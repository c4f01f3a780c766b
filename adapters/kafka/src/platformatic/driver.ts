import { Addresses, Connections } from "../connections.ts";
import type { Driver } from "../driver.ts";
import type { Settings } from "../url.ts";
import { openingOf } from "./opening.ts";
import { PlatformaticSession } from "./session.ts";

/** The requests and connections of @platformatic/kafka; its producer, consumer and admin are not used. */
export function platformaticDriver(settings: Settings): Driver {
  const addresses = new Addresses(settings);
  return {
    session(timeoutMs) {
      const connections = new Connections(openingOf(settings, timeoutMs), settings, addresses);
      return new PlatformaticSession(connections, addresses, timeoutMs);
    },
  };
}
