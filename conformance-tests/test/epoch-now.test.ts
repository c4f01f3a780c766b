import { expect, test, vi } from "vitest";

test("the time is that of the machine, also where the process was held up while it started", async () => {
  using _late = vi.spyOn(performance, "timeOrigin", "get").mockReturnValue(performance.timeOrigin + 5);
  const { epochNow } = await import("../src/epoch-now.ts");
  for (let count = 0; count < 1_000; count += 1) {
    const before = Date.now();
    const now = epochNow();
    const after = Date.now();
    // A clock that counts whole ms is behind by less than one.
    expect(now).toBeGreaterThan(before - 0.5);
    expect(now).toBeLessThan(after + 1.5);
  }
});
