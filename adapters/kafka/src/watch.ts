import type { Report, WaybillError } from "@waybill/core";

/** Whether the brokers answer, told once at each change. */
export class Watch {
  readonly #report: (kind: Report, error?: WaybillError) => void;
  #isDown = false;

  constructor(report: (kind: Report, error?: WaybillError) => void) {
    this.#report = report;
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  failed(error: WaybillError): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#report("lost", error);
  }

  worked(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#report("restored");
  }
}
