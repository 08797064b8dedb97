import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AGENT, imageConfig, type Program } from "../../deploy/docker/image-config.ts";

const DIST = new URL("../../dist", import.meta.url).pathname;
/** Of the image's root: where the tools are that the pod is started by. */
const TOOLS = "/run";

/** A folder of the test's, and where the pod sees it. */
interface Volume {
  readonly from: string;
  readonly at: string;
  readonly readOnly?: boolean;
}

export interface PodOptions {
  /** Whose image it is: the agent's without it. */
  readonly program?: Program;
  /** The image's root file system. */
  readonly root: string;
  /** For what the test keeps beside it. */
  readonly folder: string;
  readonly volumes: readonly Volume[];
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  /** Root without it, as in the DaemonSet. */
  readonly user?: { readonly uid: number; readonly groups: readonly number[] };
}

export interface Pod {
  /** The agent's process, as the host numbers it. */
  readonly pid: number;
  /** What it wrote so far. */
  said(): string;
  /** Sends SIGTERM, as the kubelet does; resolves to the exit code and how long that took. */
  stop(): Promise<{ readonly code: number | null; readonly ms: number }>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts the image's entry point as a container runtime would by the DaemonSet's securityContext: namespaces of its own for mounts and processes, a
 * read-only root (an overlay, a file system of its own, as there), no capability in any set, no new privileges. Needs root, unshare(1) and setpriv(1) of util-linux.
 */
export async function startPod(options: PodOptions): Promise<Pod> {
  const { child, entrypoint, said, closed } = runInPod(options);
  const pid = await agentBelow(child, entrypoint, said);
  return {
    pid,
    said,
    stop: async () => {
      const startedAt = performance.now();
      process.kill(pid, "SIGTERM");
      const [code] = await closed;
      return { code, ms: performance.now() - startedAt };
    },
    [Symbol.asyncDispose]: async () => {
      // Its child goes with it.
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** Runs a pod that ends by itself, as a Job's does; resolves to its exit code and what it wrote. */
export async function runJob(options: PodOptions): Promise<{ readonly code: number | null; readonly said: string }> {
  const { said, closed } = runInPod(options);
  const [code] = await closed;
  return { code, said: said() };
}

interface Started {
  /** unshare(1): the program's parent. */
  readonly child: ChildProcess;
  readonly entrypoint: readonly string[];
  readonly said: () => string;
  readonly closed: Promise<[number | null]>;
}

function runInPod({ program = AGENT, root, folder, volumes, env, args, user }: PodOptions): Started {
  const { Entrypoint, Env } = imageConfig(program, readFileSync(join(DIST, program.files[0]!), "utf8"));
  const tools = toolsIn(join(folder, "tools"));
  const mounts: Volume[] = [{ from: tools, at: TOOLS, readOnly: true }, ...volumes];
  const [at, nothing] = [join(folder, "root"), join(folder, "nothing")];
  for (const path of [at, nothing]) mkdirSync(path, { recursive: true });
  const script = [
    "set -e",
    `mount -t overlay -o "ro,lowerdir=${root}:${nothing}" overlay "${at}"`,
    ...mounts.flatMap((volume) => mountCommands(at, volume)),
    `mount -t proc proc "${at}/proc"`,
    `mount --bind /dev "${at}/dev"`,
    `exec chroot "${at}" ${TOOLS}/loader --library-path ${TOOLS} ${TOOLS}/setpriv ${privileges(user).join(" ")} "$@"`,
  ].join("\n");
  const way = ["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, "pod"];
  const child = spawn("unshare", [...way, ...Entrypoint, ...args], {
    env: { ...Object.fromEntries(Env.map((each) => each.split(/=(.*)/s, 2))), PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  const closed = once(child, "close") as Promise<[number | null]>;
  return { child, entrypoint: Entrypoint, said: () => said, closed };
}

/** The image has neither a shell nor what drops privileges: they come along in a folder of their own. */
function toolsIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
  const loader = process.arch === "arm64" ? "/lib/ld-linux-aarch64.so.1" : "/lib64/ld-linux-x86-64.so.2";
  copyFileSync("/usr/bin/setpriv", join(folder, "setpriv"));
  copyFileSync(loader, join(folder, "loader"));
  copyFileSync(`/usr/lib/${machine}-linux-gnu/libcap-ng.so.0`, join(folder, "libcap-ng.so.0"));
  return folder;
}

function mountCommands(root: string, { from, at, readOnly = false }: Volume): string[] {
  const place = `"${root}${at}"`;
  return [`mount --rbind "${from}" ${place}`, ...(readOnly ? [`mount -o remount,bind,ro ${place}`] : [])];
}

function privileges(user: PodOptions["user"]): string[] {
  const none = ["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--no-new-privs"];
  if (user === undefined) return none;
  const { uid, groups } = user;
  return [`--reuid=${uid}`, `--regid=${uid}`, `--groups=${groups.join(",")}`, ...none];
}

/** Waits until the agent itself is what runs: mounting and dropping privileges come first. */
async function agentBelow(unshare: ChildProcess, entrypoint: readonly string[], said: () => string): Promise<number> {
  const children = `/proc/${unshare.pid}/task/${unshare.pid}/children`;
  for (;;) {
    if (unshare.exitCode !== null) throw new Error(`the pod ended with ${unshare.exitCode} before it ran: ${said()}`);
    const pid = Number(read(children).trim());
    if (pid > 0 && read(`/proc/${pid}/cmdline`).startsWith(`${entrypoint[0]}\0`)) return pid;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
