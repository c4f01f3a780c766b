/**
 * The URL of a carrier; undefined for text that is none. A URL has one port: of hosts that each have their own,
 * `kafka://h1:9092,h2:9093`, the ports of all but the last go into the host, as `h1%3A9092,h2`.
 */
export function carrierUrl(text: string): URL | undefined {
  if (typeof text !== "string") return undefined;
  if (URL.canParse(text)) return new URL(text);
  const written = text.replace(authority, (_, start: string, hosts: string) => {
    const [last = "", ...others] = hosts.split(",").toReversed();
    return start + [...others.toReversed().map((host) => host.replace(/:(?=\d+$)/, "%3A")), last].join(",");
  });
  return URL.canParse(written) ? new URL(written) : undefined;
}

/** Up to the hosts, and the hosts. */
const authority = /^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?)([^/?#@]*)/i;
