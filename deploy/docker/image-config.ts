import packageJson from "../../package.json" with { type: "json" };
import { PLAIN_UID } from "./system-files.ts";

/** Where the programs are in their images. */
export const PROGRAM_FOLDER = "/usr/lib/logq";

/** A program with an image of its own. */
export interface Program {
  readonly name: string;
  /** Of dist/; the first is the one that is started. */
  readonly files: readonly string[];
  /** Of node_modules/: what is not in the bundles. */
  readonly packages: readonly string[];
  /** `user:group`, as numbers. */
  readonly user: string;
  readonly ports: readonly string[];
  readonly description: string;
}

export const AGENT: Program = {
  name: "logq-agent",
  files: ["logq-agent.cjs", "logq-agent-main.cjs", "logq-agent-aws.cjs"],
  packages: [],
  // Linking what root wrote needs root, and no capability.
  user: "0:0",
  ports: ["2020/tcp"],
  description: "Ships a Kubernetes node's logs to S3 as Parquet, CloudWatch Logs and Firehose",
};

export const LOGQ: Program = {
  name: "logq",
  files: ["logq.cjs", "logq-aws.cjs", "ui"],
  packages: ["@duckdb"],
  user: `${PLAIN_UID}:${PLAIN_UID}`,
  ports: [],
  description: "Asks and merges the logs that logq-agent stored",
};

/** What the image's configuration says of the container's process. Source: OCI image-spec, config.md. */
export interface ImageConfig {
  readonly User: string;
  readonly ExposedPorts: Readonly<Record<string, object>>;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
}

/**
 * How a container runs a program: with the variables and options that the first line of its launcher asks for. That line itself is of no use in
 * an image without env(1).
 */
export function imageConfig({ name, files, user, ports, description }: Program, launcher: string): ImageConfig {
  const words = /^#!\/usr\/bin\/env -S (.*)\n/.exec(launcher)?.[1]?.split(" ");
  const node = words?.indexOf("node") ?? -1;
  if (words === undefined || node < 0)
    throw new Error(`cannot tell how to run dist/${files[0]}: its first line does not name node; run npm run build`);
  return {
    User: user,
    ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])),
    Env: ["PATH=/usr/bin", ...words.slice(0, node)],
    Entrypoint: ["/usr/bin/node", ...words.slice(node + 1), `${PROGRAM_FOLDER}/${files[0]}`],
    Labels: {
      "org.opencontainers.image.title": name,
      "org.opencontainers.image.description": description,
      "org.opencontainers.image.licenses": packageJson.license,
      "org.opencontainers.image.version": packageJson.version,
    },
  };
}
