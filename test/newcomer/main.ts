/**
 * `npm run newcomer`: types the commands of docs/quickstart.md into a clean clone, as somebody would who has Node, npm and
 * the tools of every system, and nothing at home. Prints each command and what it says; ends at the first that fails,
 * with exit code 1.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fencedBlocks } from "../docs/blocks.ts";
import { newcomerScript } from "./script.ts";

const PAGE = "docs/quickstart.md";
/** What every system has, and curl. */
const SYSTEM_TOOLS = [
  "bash",
  "sh",
  "cat",
  "curl",
  "env",
  "grep",
  "mkdir",
  "mktemp",
  "nice",
  "ps",
  "rm",
  "seq",
  "sleep",
  "uname",
];

const folder = mkdtempSync(join(tmpdir(), "logq-newcomer-"));
try {
  process.exitCode = await followPage();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function followPage(): Promise<number> {
  const clone = join(folder, "logq");
  const cloned = spawnSync("git", ["clone", "--quiet", process.cwd(), clone], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (cloned.status !== 0) throw new Error(`clone ${process.cwd()}: git ended with exit code ${cloned.status}`);
  const [home, bin] = [join(folder, "home"), join(folder, "bin")];
  for (const path of [home, bin]) mkdirSync(path);
  for (const tool of ["node", "npm", ...SYSTEM_TOOLS]) symlinkSync(findTool(tool), join(bin, tool));
  const blocks = fencedBlocks(readFileSync(join(clone, PAGE), "utf8"));
  const { script, commands } = newcomerScript(blocks);
  writeFileSync(join(folder, "session.sh"), script);
  const env = { PATH: bin, HOME: home, TMPDIR: folder, TERM: "dumb", ...networkSettings() };
  const startMs = performance.now();
  // A group of its own, so that what the page starts in the background ends with it.
  const shell = spawn(join(bin, "bash"), [join(folder, "session.sh")], {
    cwd: clone,
    env,
    detached: true,
    stdio: ["ignore", "inherit", "inherit"],
  });
  process.once("SIGINT", () => process.kill(-shell.pid!, "SIGTERM"));
  const [code] = (await once(shell, "exit")) as [number | null];
  try {
    process.kill(-shell.pid!, "SIGKILL");
  } catch {
    // All have ended.
  }
  const seconds = Math.round((performance.now() - startMs) / 1000);
  const verdict = code === 0 ? `all ${commands} commands of ${PAGE} did what they should` : `${PAGE} fails, see above`;
  process.stdout.write(`\nnewcomer: ${verdict} (${seconds} s)\n`);
  return code === 0 ? 0 : 1;
}

/** The system's own, not those of a checkout that `npm run` puts before them. */
function findTool(name: string): string {
  const folders = (process.env["PATH"] ?? "").split(":").filter((path) => !path.includes("node_modules"));
  const found = folders.map((path) => join(path, name)).find(isExecutable);
  if (found === undefined) throw new Error(`find ${name}: it is in no folder of PATH; install it`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How this machine reaches npm's registry: not the newcomer's business. */
function networkSettings(): NodeJS.ProcessEnv {
  const { stdout } = spawnSync("npm", ["config", "get", "registry"], { encoding: "utf8" });
  const names = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
  ];
  const passed = names.map((name) => [name, process.env[name]] as const).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(passed), npm_config_registry: stdout.trim() };
}
