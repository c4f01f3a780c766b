import type { DeadLetter } from "@waybill/core";
import type { Outcome } from "./balance.ts";
import type { Crew, Member, Watcher } from "./crew.ts";
import { deadLetterTable } from "./dead-letter-table.ts";
import type { Inboxes } from "./inboxes.ts";
import type { Ledger } from "./ledger.ts";
import type { Monitor } from "./monitor.ts";
import type { Report } from "./reports.ts";
import type { Screen } from "./screen.ts";
import type { Place } from "./service.ts";

/** How many malformed lines are shown as they come. */
const malformedShown = 10;

export interface PipelineOptions {
  readonly place: Place;
  readonly ledger: Ledger;
  readonly inboxes: Inboxes;
  readonly monitor: Monitor;
  readonly screen: Screen;
  /** The services run in processes of their own, so that one can be killed. */
  readonly killable: boolean;
  readonly crew: (watcher: Watcher) => Crew;
  /** A service has failed that nobody has stopped. */
  readonly failed: (error: Error) => void;
}

/** The conductor: starts the services, kills one, has the dead letters mended and given back. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #crew: Crew;
  /** The billing services that run. */
  readonly #billing = new Set<Member>();
  readonly #halfway = Promise.withResolvers<void>();

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#crew = options.crew({
      heard: (member, reports) => this.#heard(member, reports),
      wrote: (member, line) => options.screen.print(`${member}: ${line}`),
      failed: options.failed,
    });
  }

  /** Runs to the end, when every order is billed, shipped and its email sent. Rejects when something gets in the way. */
  async run(input: string): Promise<Outcome> {
    const { ledger, monitor, place, screen } = this.#options;
    const consumers = [
      this.#startBilling("billing-1"),
      this.#startBilling("billing-2"),
      this.#crew.start({ role: "shipping", name: "shipping-1", place }),
      this.#crew.start({ role: "shipping", name: "shipping-2", place }),
      this.#crew.start({ role: "email", name: "email-1", place }),
    ] as const;
    const [victim] = await monitor.during(Promise.all(consumers));
    await monitor.during(this.#crew.start({ role: "orders", name: "orders", place, input }));
    await monitor.during(this.#halfway.promise);
    if (ledger.orders.size > 0) await this.#takeOver(victim);
    else screen.print("There are no orders.");
    await monitor.quiet();
    const letters = await this.#listDeadLetters();
    const redriven = letters.length === 0 ? 0 : await this.#mend();
    const depths = await monitor.quiet();
    screen.clear();
    return { ledger, deadLetters: letters.map(({ id }) => id), redriven, depths };
  }

  /** Stops all services. */
  async stop(): Promise<void> {
    await this.#crew.stop();
  }

  async #takeOver(victim: Member): Promise<void> {
    const { ledger, killable, screen, monitor } = this.#options;
    this.#billing.delete(victim);
    await victim.kill();
    const billed = ledger.groups.billing.handled.size.toLocaleString("en");
    const cutShort = ledger.killed(victim.name);
    const end = killable
      ? `${victim.name} is killed (SIGKILL), charges under way: ${cutShort}`
      : `in one process nothing can be killed, so ${victim.name} is closed`;
    screen.print(`Half-way, ${billed} billed: ${end}. billing-3 takes over.`);
    await monitor.during(this.#startBilling("billing-3"));
  }

  async #listDeadLetters(): Promise<readonly DeadLetter[]> {
    const { inboxes, screen } = this.#options;
    const letters: DeadLetter[] = [];
    for await (const letter of inboxes.billing.deadLetters.list()) letters.push(letter);
    screen.print(`Billing has ${letters.length === 0 ? "no dead letters." : `${letters.length} dead letters:`}`);
    for (const line of deadLetterTable(letters)) screen.print(`  ${line}`);
    return letters;
  }

  /** Billing starts anew with payments that work, and gets its dead letters back. */
  async #mend(): Promise<number> {
    const { inboxes, monitor, place, screen } = this.#options;
    await monitor.during(Promise.all([...this.#billing].map((member) => member.stop())));
    const mended = ["billing-4", "billing-5"].map((name) =>
      this.#crew.start({ role: "billing", name, place, mended: true }),
    );
    await monitor.during(Promise.all(mended));
    const redriven = await inboxes.billing.deadLetters.redrive("all");
    screen.print(`The fault is mended, billing restarted in peace, ${redriven} dead letters are redriven.`);
    return redriven;
  }

  async #startBilling(name: string): Promise<Member> {
    const { place } = this.#options;
    const member = await this.#crew.start({ role: "billing", name, place, mended: false });
    this.#billing.add(member);
    return member;
  }

  #heard(member: string, reports: readonly Report[]): void {
    const { ledger, screen } = this.#options;
    for (const report of reports) {
      ledger.note(member, report);
      if (report.kind !== "malformed") continue;
      if (ledger.malformed.length <= malformedShown) screen.print(`line ${report.line}: ${report.reason}`);
      if (ledger.malformed.length === malformedShown) screen.print("Further malformed lines are counted only.");
    }
    if (ledger.complete && ledger.groups.billing.handled.size * 2 >= ledger.orders.size) this.#halfway.resolve();
  }
}
