import type { ErrorCode } from "./errors.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly advice: string;
}

const untrusted: Meaning = {
  code: "CONFIG",
  advice: "its certificate is not trusted; give `ca`, and `servername` if its name differs",
};

/** What Node calls a server's certificate that is not trusted, with what to do about it, for the errors of adapters. */
export const untrustedCertificates: Readonly<Record<string, Meaning>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: untrusted,
  CERT_HAS_EXPIRED: untrusted,
};
