import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { findProgram } from "../find-program.ts";
import { aptInstall, cache } from "../install.ts";

/** A server in Java. */
export interface JavaServer {
  /** The folder of the cache for its jars. */
  readonly name: string;
  /** What Maven is asked for, as `group:artifact:version`; the first is the server's own. */
  readonly artifacts: readonly [string, ...string[]];
  /** Further ones, without what they depend on. */
  readonly bare?: readonly string[] | undefined;
  /** Where else it may be installed: folders with its jars in `libs`. */
  readonly homes: readonly (string | undefined)[];
}

/** One that is on this machine. */
export interface FoundJavaServer {
  /** The command up to the name of the class that is started. */
  readonly java: readonly string[];
  readonly version: string | undefined;
}

/** Finds Java and the server's jars; undefined if one of them is missing. */
export async function findJavaServer({ name, artifacts, homes }: JavaServer): Promise<FoundJavaServer | undefined> {
  const home = process.env["JAVA_HOME"];
  const java = await findProgram(["java"], home === undefined ? [] : [join(home, "bin")]);
  const libs = [...homes.map((folder) => folder && join(folder, "libs")), join(cache, name)].find(
    (folder) => folder !== undefined && folder !== "" && existsSync(folder),
  );
  if (java === undefined || libs === undefined) return undefined;
  const [, artifact = ""] = artifacts[0].split(":");
  const own = (await readdir(libs)).find((jar) => jar.startsWith(`${artifact}-`) && /\d+\.jar$/.test(jar));
  return {
    // One collector thread, as it shares the machine with the tests; no files of statistics.
    java: [java, "-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-cp", join(libs, "*")],
    version: own?.slice(artifact.length + 1, -".jar".length),
  };
}

/** Brings the server's jars, and Java and Maven where they are missing. */
export async function installJars({ name, artifacts, bare = [] }: JavaServer): Promise<void> {
  const missing: string[] = [];
  if ((await findProgram(["java"])) === undefined) missing.push("default-jre-headless");
  if ((await findProgram(["mvn"])) === undefined) missing.push("maven");
  if (missing.length > 0) await aptInstall(missing);
  const folder = await mkdtemp(join(cache, `${name}-`));
  await writeFile(
    join(folder, "pom.xml"),
    pomOf([
      ...artifacts.map((artifact) => dependencyOn(artifact)),
      ...bare.map((artifact) => dependencyOn(artifact, alone)),
    ]),
  );
  const goal = ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=libs"];
  await promisify(execFile)("mvn", goal, { cwd: folder });
  await rename(join(folder, "libs"), join(cache, name));
  await rm(folder, { recursive: true });
}

const alone = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>";

function dependencyOn(artifact: string, more = ""): string {
  const [group, name, version] = artifact.split(":");
  return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>${more}</dependency>`;
}

function pomOf(dependencies: readonly string[]): string {
  const self = "<groupId>waybill</groupId><artifactId>servers</artifactId><version>1</version>";
  return `<project><modelVersion>4.0.0</modelVersion>${self}<dependencies>${dependencies.join("")}</dependencies></project>`;
}
