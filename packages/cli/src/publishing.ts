import type { Producer, PublishOptions } from "@waybill/core";
import type { ExitCode, Invocation } from "./command.ts";
import { codeOf } from "./error-code.ts";
import type { InFlight } from "./in-flight.ts";
import type { Input } from "./input.ts";
import { Progress } from "./progress.ts";

export interface Work extends Input {
  readonly options: PublishOptions<boolean>;
  readonly inFlight: InFlight;
}

/** `invalid`: the input is at fault, not the carrier. */
type Outcome = "invalid" | "refused" | "unknown";

/** One run: publishes what comes, tells what became of it. */
export class Publishing {
  readonly #invocation: Invocation;
  readonly #producer: Producer<unknown>;
  readonly #work: Work;
  readonly #progress: Progress;
  #stored = 0;
  #failed = 0;
  #invalid = 0;
  #bytes = 0;
  #lastId = "";

  constructor(invocation: Invocation, producer: Producer<unknown>, work: Work) {
    this.#invocation = invocation;
    this.#producer = producer;
    this.#work = work;
    this.#progress = new Progress(invocation.output, work.bytes);
  }

  async run(): Promise<ExitCode> {
    const { inFlight, lines } = this.#work;
    const { output, signal } = this.#invocation;
    try {
      for await (const line of lines) {
        if (signal.aborted) break;
        if (line.flaw === undefined) await inFlight.start(line.bytes, () => this.#store(line.number, line.value));
        else await this.#refused("invalid", line.number, line.flaw);
        this.#bytes += line.bytes + 1;
        this.#progress.show(this.#stored, this.#bytes);
      }
    } finally {
      await inFlight.idle();
      this.#progress.clear();
    }
    await output.text(this.#sum());
    if (signal.aborted) return 130;
    if (this.#failed > 0) return 1;
    return this.#invalid > 0 ? 2 : 0;
  }

  async #store(number: number, value: unknown): Promise<void> {
    try {
      const { id } = await this.#producer.publish(value, this.#work.options);
      this.#stored += 1;
      this.#lastId = id;
      if (this.#invocation.args.has("json"))
        await this.#invocation.output.result({ outcome: "stored", [this.#work.unit]: number, id }, "");
    } catch (error) {
      await this.#refused(outcomeOf(error), number, messageOf(error));
    }
  }

  async #refused(outcome: Outcome, number: number, error: string): Promise<void> {
    const { args, output } = this.#invocation;
    if (outcome === "invalid") this.#invalid += 1;
    else this.#failed += 1;
    if (args.has("json")) await output.result({ outcome, [this.#work.unit]: number, error }, "");
    else output.note(`waybill: ${this.#work.unit} ${number}: ${error}`);
  }

  #sum(): string {
    const parts = [
      this.#stored === 1 ? `published 1 message, ${this.#lastId}` : `published ${this.#stored} messages`,
      ...(this.#failed > 0 ? [`${this.#failed} failed`] : []),
      ...(this.#invalid > 0 ? [`${this.#invalid} invalid`] : []),
    ];
    return parts.join(", ");
  }
}

function outcomeOf(error: unknown): Outcome {
  const code = codeOf(error);
  if (error instanceof TypeError || code === "INVALID_DATA" || code === "TOO_LARGE") return "invalid";
  return code === "OUTCOME_UNKNOWN" ? "unknown" : "refused";
}

/** What was wrong with the data says the cause. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof TypeError ? `${error.message}: ${error.cause.message}` : error.message;
}
