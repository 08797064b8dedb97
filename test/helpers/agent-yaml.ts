import { join } from "node:path";
import type { NodeBed } from "./node-bed.ts";

export interface AgentYaml {
  /** Further options of `service`, or other values of those that the bed gives. */
  readonly service?: Readonly<Record<string, string | number>>;
  /** Further options of the one input. */
  readonly input?: Readonly<Record<string, string>>;
  /** The outputs, in order; without a `name` a directory. */
  readonly outputs: readonly Readonly<Record<string, string>>[];
}

/** A configuration of the agent on a bed's logs and state, for tests that change it. */
export function agentYaml(bed: NodeBed, { service = {}, input = {}, outputs }: AgentYaml): string {
  const ofService = { "storage.path": bed.state, cluster: "test", hostname: "node-a", grace: 5, ...service };
  const path = join(bed.root, "var/log/containers/*.log");
  const ofInput = { tag: "kube.*", path, "multiline.parser": "cri", ...input };
  const ofOutputs = outputs.map((output) => {
    return { name: "directory", match: "*", upload_timeout: "100ms", total_file_size: "1M", ...output };
  });
  return `service:
${options(ofService, "  ")}pipeline:
  inputs:
    - name: tail
${options(ofInput, "      ")}  filters:
    - name: kubernetes
      match: kube.*
  outputs:
${ofOutputs.map(({ name, ...rest }) => `    - name: ${name}\n${options(rest, "      ")}`).join("")}`;
}

function options(all: object, indent: string): string {
  const lines = Object.entries(all).map(([key, value]) => `${indent}${key}: ${JSON.stringify(value)}\n`);
  return lines.join("");
}
