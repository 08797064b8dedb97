import { spawnSync } from "node:child_process";

/** A program that the cluster needs, and how it comes onto a machine. */
interface Tool {
  readonly command: string;
  readonly args: readonly string[];
  /** Debian's package; null: it is not installed by us. */
  readonly aptPackage: string | null;
  readonly hint: string;
}

const TOOLS: readonly Tool[] = [
  { command: "go", args: ["version"], aptPackage: null, hint: "install Go 1.24 or newer (https://go.dev/dl)" },
  {
    command: "etcd",
    args: ["--version"],
    aptPackage: "etcd-server",
    hint: "install etcd, which Debian has in the package etcd-server",
  },
];

/** Sees that all is there that a cluster needs, and installs what root may install with apt. Throws with what to do if something is missing. */
export function ensureTools(tools = TOOLS, run = runs): void {
  for (const tool of tools) {
    if (run(tool.command, tool.args)) continue;
    if (tool.aptPackage === null || process.getuid?.() !== 0 || !run("apt-get", ["--version"]))
      throw new Error(`cannot start a cluster: there is no ${tool.command} on the PATH; ${tool.hint}`);
    process.stderr.write(`installing ${tool.aptPackage} with apt-get\n`);
    const isInstalled = run("apt-get", ["update"]) && run("apt-get", ["install", "-y", tool.aptPackage]);
    if (!isInstalled || !run(tool.command, tool.args))
      throw new Error(`cannot start a cluster: apt-get could not install ${tool.aptPackage}; ${tool.hint}`);
  }
}

/** Whether a program runs and succeeds. */
function runs(command: string, args: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync(command, args, { stdio: "ignore", env }).status === 0;
}
