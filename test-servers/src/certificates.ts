import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An authority of a test's own, what it has vouched for, and where the files are. */
export class Certificates implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "waybill-tls-"));

  constructor() {
    this.#openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-subj", "/CN=authority", "-out", "ca.pem");
  }

  /** Makes `<name>.pem` and `<name>.key`, of this common name. */
  vouchFor(name: string, commonName: string): void {
    const subject = ["-subj", `/CN=${commonName}`, "-addext", `subjectAltName=DNS:${commonName}`];
    this.#openssl("req", ...newKey, "-keyout", `${name}.key`, ...subject, "-out", `${name}.csr`);
    const by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-copy_extensions", "copy", "-days", "1"];
    this.#openssl("x509", "-req", "-in", `${name}.csr`, ...by, "-out", `${name}.pem`);
  }

  path(file: string): string {
    return join(this.#folder, file);
  }

  read(file: string): string {
    return readFileSync(this.path(file), "utf8");
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }

  #openssl(...args: readonly string[]): void {
    execFileSync("openssl", args, { cwd: this.#folder, stdio: "ignore" });
  }
}

const newKey = ["-newkey", "rsa:2048", "-nodes"];
