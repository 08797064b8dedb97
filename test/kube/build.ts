import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
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

/** A copy of the module that names its parts by version: their folders are modules of their own, which the module is without. */
function writableSource(cache: string): string {
  const source = join(cache, `kubernetes-${VERSION}`);
  if (!existsSync(join(source, "logq-ready"))) {
    const text = execFileSync("go", ["mod", "download", "-json", MODULE], { cwd: cache, encoding: "utf8" });
    const { Dir } = JSON.parse(text) as { Dir: string };
    cpSync(Dir, source, { recursive: true, force: true });
    execFileSync("chmod", ["-R", "u+w", source]);
    const path = join(source, "go.mod");
    const part = `v0.${VERSION.slice(VERSION.indexOf(".") + 1)}`;
    chmodSync(path, 0o644);
    writeFileSync(path, readFileSync(path, "utf8").replace(/=> \.\/staging\/src\/(\S+)/g, `=> $1 ${part}`));
    writeFileSync(join(source, "logq-ready"), "");
  }
  return source;
}
