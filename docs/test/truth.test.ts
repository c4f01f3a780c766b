import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { filesOf, root } from "./pages.ts";

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

test("every dependency has its line in ARCHITECTURE.md, and every line its dependency", async () => {
  const manifests = await filesOf(["package.json", "{packages,adapters,examples}/*/package.json", "*/package.json"]);
  const packages = [...manifests.values()].map((text) => JSON.parse(text) as Manifest);
  const used = new Set(
    packages.flatMap(({ dependencies, devDependencies }) => Object.keys({ ...dependencies, ...devDependencies })),
  );
  for (const { name } of packages) used.delete(name);
  const table = (await filesOf(["ARCHITECTURE.md"])).get("ARCHITECTURE.md")?.split("## Dependencies")[1] ?? "";
  const named = [...table.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = ""]) => cell.replaceAll("`", "").split(", "));
  expect(named.filter((name) => !name.startsWith("node:")).toSorted()).toEqual([...used].toSorted());
});

test("every link of a page leads somewhere", async () => {
  const pages = await filesOf([
    "*.md",
    "{packages,adapters,examples}/*/*.md",
    "{benchmarks,conformance-tests}/*.md",
    "docs/**/*.md",
  ]);
  expect(pages.size).toBeGreaterThan(5);
  const broken = [...pages].flatMap(([path, text]) =>
    [...text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !existsSync(join(root, dirname(path), target)))
      .map((target) => `${path}: ${target}`),
  );
  expect(broken).toEqual([]);
});
