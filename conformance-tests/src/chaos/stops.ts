/**
 * When members were stopped past their lease, and what they begin then may be others' by now. All of it is kept: what a member that
 * is stopped once more began before is told when it goes on.
 */
export class Stops {
  readonly #spans = new Map<string, { readonly from: number; readonly until: number }[]>();

  /** Epoch ms. */
  add(name: string, from: number, until: number): void {
    this.#spans.set(name, [...(this.#spans.get(name) ?? []), { from, until }]);
  }

  has(name: string, at: number): boolean {
    return this.#spans.get(name)?.some(({ from, until }) => at >= from && at <= until) ?? false;
  }
}
