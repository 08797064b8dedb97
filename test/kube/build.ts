import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The version of Kubernetes that the tests are run against. */
const VERSION = "1.34.1";
const MODULE = `k8s.io/kubernetes@v${VERSION}`;

/**
 * The path of a kube-apiserver, built once from its Go module into `.cache/kube/` of the repository. Throws if there is no
 * Go, or no way to its modules.
 */
export function builtApiServer(root: string): string {
  const cache = join(root, ".cache", "kube");
  const binary = join(cache, `kube-apiserver-${VERSION}`);
  if (existsSync(binary)) return binary;
  mkdirSync(cache, { recursive: true });
  const source = writableSource(cache);
  const [major, minor] = VERSION.split(".");
  // Parts of it end where they do not know their version.
  const known = { gitVersion: `v${VERSION}`, gitMajor: major, gitMinor: minor };
  const version = Object.entries(known).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  const options = ["-mod=mod", "-trimpath", "-p", "1", "-ldflags", `-s -w ${version.join(" ")}`];
  const env = { ...process.env, GOWORK: "off", GOFLAGS: "", CGO_ENABLED: "0" };
  execFileSync("go", ["build", ...options, "-o", `${binary}.new`, "./cmd/kube-apiserver"], {
    cwd: source,
    env,
    stdio: "inherit",
  });
  renameSync(`${binary}.new`, binary);
  return binary;
}

/**
 * The path of a program of a Go module, such as sigs.k8s.io/kustomize/kustomize/v5, built once into `.cache/kube/` of the
 * repository. Throws if there is no Go, or no way to its modules.
 */
export function builtGoTool(root: string, program: string, version: string): string {
  const folder = join(root, ".cache", "kube", version);
  const name = program.split("/").findLast((part) => !/^v\d+$/.test(part))!;
  if (!existsSync(join(folder, name))) {
    const env = { ...process.env, GOBIN: folder, GOWORK: "off", GOFLAGS: "", CGO_ENABLED: "0" };
    execFileSync("go", ["install", "-trimpath", `${program}@${version}`], { env, stdio: "inherit" });
  }
  return join(folder, name);
}

/** The folder that a Go module's files are in. */
export function goModule(module: string): string {
  const text = execFileSync("go", ["mod", "download", "-json", module], { cwd: tmpdir(), encoding: "utf8" });
  return (JSON.parse(text) as { Dir: string }).Dir;
}

/** A copy of the module that names its parts by version: their folders are modules of their own, which the module is without. */
function writableSource(cache: string): string {
  const source = join(cache, `kubernetes-${VERSION}`);
  if (!existsSync(join(source, "logq-ready"))) {
    cpSync(goModule(MODULE), source, { recursive: true, force: true });
    execFileSync("chmod", ["-R", "u+w", source]);
    const path = join(source, "go.mod");
    const part = `v0.${VERSION.slice(VERSION.indexOf(".") + 1)}`;
    chmodSync(path, 0o644);
    writeFileSync(path, readFileSync(path, "utf8").replace(/=> \.\/staging\/src\/(\S+)/g, `=> $1 ${part}`));
    writeFileSync(join(source, "logq-ready"), "");
  }
  return source;
}
