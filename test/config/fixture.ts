import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import type { TailConfig } from "../../config/input/tail.ts";
import type { AgentConfig } from "../../config/config.ts";
import { loadConfig } from "../../config/load.ts";
import { ConfigError } from "../../config/problem.ts";

/** A configuration without fault or notice; tests edit it. The tests name its lines, so none may move. */
export const BASE = `service:
  cluster: prod
pipeline:
  inputs:
    - name: tail
      tag: kube.*
      path: /var/log/containers/*.log
  outputs:
    - name: directory
      match: '*'
      path: /srv/store
`;

/** BASE with one piece of text replaced by another; the piece must be there. */
export function edited(from: string, to: string): string {
  if (!BASE.includes(from)) throw new Error(`BASE has no ${from}`);
  return BASE.replace(from, () => to);
}

interface Outcome {
  readonly config: AgentConfig | null;
  readonly problems: readonly string[];
  readonly notices: readonly string[];
}

/** Loads `agent.yaml` of the given files; messages name files as if the folder were the working directory. */
export function load(
  files: string | Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  main = "agent.yaml",
): Outcome {
  const folder = mkdtempSync(path.join(os.tmpdir(), "logq-config-"));
  const local = (messages: readonly string[]): string[] =>
    messages.map((message) => message.replaceAll(`${folder}/`, ""));
  try {
    for (const [name, text] of Object.entries(typeof files === "string" ? { [main]: files } : files)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    }
    const { config, notices } = loadConfig(path.join(folder, main), env);
    return { config, problems: [], notices: local(notices) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { config: null, problems: local(error.problems), notices: [] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The tails among the inputs. */
export function tailsOf({ config }: Pick<Outcome, "config">): readonly TailConfig[] {
  return (config?.inputs ?? []).filter((input) => input.plugin === "tail");
}
