import packageJson from "../../package.json" with { type: "json" };

/** Where the programs are in the image. */
export const PROGRAM_FOLDER = "/usr/lib/logq";
/** Of dist/. */
export const PROGRAMS = ["logq-agent.cjs", "logq-agent-main.cjs", "logq-agent-aws.cjs"];

/** What the image's configuration says of the container's process. Source: OCI image-spec, config.md. */
export interface ImageConfig {
  readonly User: string;
  readonly ExposedPorts: Readonly<Record<string, object>>;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
}

/**
 * How a container runs the agent: with the variables and options that the first line of its launcher asks for. That line itself is of no use in
 * an image without env(1).
 */
export function imageConfig(launcher: string): ImageConfig {
  const words = /^#!\/usr\/bin\/env -S (.*)\n/.exec(launcher)?.[1]?.split(" ");
  const node = words?.indexOf("node") ?? -1;
  if (words === undefined || node < 0)
    throw new Error("cannot tell how to run dist/logq-agent.cjs: its first line does not name node; run npm run build");
  return {
    // Linking what root wrote needs root, and no capability.
    User: "0:0",
    ExposedPorts: { "2020/tcp": {} },
    Env: ["PATH=/usr/bin", ...words.slice(0, node)],
    Entrypoint: ["/usr/bin/node", ...words.slice(node + 1), `${PROGRAM_FOLDER}/${PROGRAMS[0]}`],
    Labels: {
      "org.opencontainers.image.title": "logq-agent",
      "org.opencontainers.image.description":
        "Ships a Kubernetes node's logs to S3 as Parquet, CloudWatch Logs and Firehose",
      "org.opencontainers.image.licenses": packageJson.license,
      "org.opencontainers.image.version": packageJson.version,
    },
  };
}
