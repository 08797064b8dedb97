import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import type { Folder } from "./project.ts";
import type { Screen } from "./screen.ts";

const run = promisify(execFile);
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Runs logq as a user would: echoes the command line, its output goes to the terminal. Throws if it fails. */
export async function show(folder: Folder, screen: Screen, query: string, options: readonly string[]): Promise<void> {
  screen.command(["logq", ...options, `"${query}"`].join(" "));
  const child = spawn(process.execPath, [folder.programs.logq, ...options, query], {
    env: folder.env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`run logq "${query}": it ended with exit code ${code}; see its message above`);
}

/** Runs logq and gives its rows. Throws with logq's message if it fails. */
export async function ask<Row>(folder: Folder, query: string): Promise<Row[]> {
  const args = [folder.programs.logq, "-q", "-o", "ndjson", "--limit", "all", query];
  try {
    const { stdout } = await run(process.execPath, args, { env: folder.env, maxBuffer: OUTPUT_BYTES_MAX });
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Row);
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(`run logq "${query}": ${stderr?.trim() || String(error)}`, { cause: error });
  }
}
