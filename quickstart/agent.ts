import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import type { Folder } from "./project.ts";

export interface Agent {
  /** Rejects, with the agent's last words, if it ends other than by `stop`, or fails; with `once` it resolves when all is shipped. */
  readonly done: Promise<void>;
  /** SIGTERM, then waits: what was read is shipped, positions are committed. */
  stop(): Promise<void>;
}

export interface AgentOptions {
  /** Patterns of the log files (tail's `path`). */
  readonly paths: readonly string[];
  /** Ship what is there, then end. */
  readonly once: boolean;
  /** Whether the agent may hard-link the files into its state folder. */
  readonly links: boolean;
  readonly hostname: string;
}

/** Writes the configuration and starts the agent on it. */
export function startAgent(folder: Folder, options: AgentOptions): Agent {
  writeFileSync(folder.config, renderConfig(folder, options));
  const log = openSync(folder.agentLog, "w");
  const args = [folder.programs.agent, "-c", folder.config, ...(options.once ? ["--once"] : [])];
  const child = spawn(process.execPath, args, { env: folder.env, stdio: ["ignore", log, log] });
  closeSync(log);
  let stopping = false;
  const exited = once(child, "exit").then(([code, signal]) => {
    if (code === 0 && (options.once || stopping)) return;
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    const words = readFileSync(folder.agentLog, "utf8").trimEnd().split("\n").slice(-10).join("\n");
    throw new Error(`run logq-agent: it ended with ${how}; its last words, of ${folder.agentLog}:\n${words}`);
  });
  // Whoever awaits `done` or `stop` hears of a failure; before that it must not count as unhandled.
  exited.catch(() => undefined);
  return {
    done: exited,
    async stop() {
      stopping = true;
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** JSON strings are YAML strings, so that a path may hold anything. */
function renderConfig(folder: Folder, { paths, links, hostname }: AgentOptions): string {
  return `# Written by npm start. Fluent Bit's format; every option: docs/configuration.md
service:
  storage.path: ${JSON.stringify(folder.state)}
  cluster: quickstart
  hostname: ${JSON.stringify(hostname)}
pipeline:
  inputs:
    - name: tail
      tag: kube.*
      path:
${paths.map((path) => `        - ${JSON.stringify(path)}\n`).join("")}      multiline.parser: cri
      refresh_interval: 1s
      links: ${links ? "on" : "off"}
  filters:
    - name: kubernetes
      match: kube.*
  outputs:
    - name: directory
      match: "*"
      path: ${JSON.stringify(folder.store)}
      format: parquet
      upload_timeout: 1s
`;
}
