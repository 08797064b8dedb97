import type { CloudWatchConfig } from "../../../config/output/cloudwatch-logs.ts";
import { parseNameTemplate, type NameVariable } from "../../../config/name-template.ts";
import type { Origin } from "../../record.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { StreamName } from "./event-batch.ts";
import { NAME_LENGTH_MAX } from "./limits.ts";

type NameConfig = Pick<
  CloudWatchConfig,
  "logGroupName" | "logGroupTemplate" | "logStreamName" | "logStreamPrefix" | "logStreamTemplate"
>;

/**
 * The log group and stream of a file's records. A template that the file has no value for is said once, and the plain
 * name is taken instead (Fluent Bit's rule); characters that the service does not take become `_`.
 */
export function createNames(config: NameConfig, cluster: string, log: Logger): (origin: Origin) => StreamName {
  const group = templateOf(config.logGroupTemplate);
  const stream = templateOf(config.logStreamTemplate);
  const said = new Set<string>();
  const resolved = (template: Template | null, origin: Origin): string | null => {
    if (template === null) return null;
    const name = resolve(template, origin, cluster);
    if (name !== null) return name;
    const fields = { template: template.text, path: origin.path };
    if (!said.has(template.text)) log.error(fields, "a file has no value for a template, so the plain name is taken");
    said.add(template.text);
    return null;
  };
  return (origin) => ({
    group: (resolved(group, origin) ?? config.logGroupName)
      .replace(/[^-._/#A-Za-z0-9]/g, "_")
      .slice(0, NAME_LENGTH_MAX),
    stream: (resolved(stream, origin) ?? config.logStreamName ?? `${config.logStreamPrefix ?? ""}${origin.tag}`)
      .replace(/[:*]/g, "_")
      .slice(0, NAME_LENGTH_MAX)
      .toWellFormed(),
  });
}

interface Template {
  readonly text: string;
  readonly parts: readonly (string | NameVariable)[];
}

function templateOf(text: string | null): Template | null {
  return text === null ? null : { text, parts: parseNameTemplate(text) };
}

function resolve({ parts }: Template, origin: Origin, cluster: string): string | null {
  const values = parts.map((part) => (typeof part === "string" ? part : valueOf(part, origin, cluster)));
  return values.some((value) => value === null || value === undefined || value === "") ? null : values.join("");
}

function valueOf({ name, keys }: NameVariable, origin: Origin, cluster: string): string | null | undefined {
  const [key = "", label = ""] = keys;
  switch (name) {
    case "TAG":
      return key === "" ? origin.tag : origin.tag.split(".")[Number(key)];
    case "cluster":
      return cluster;
    case "source":
    case "node":
      return origin[name];
    default:
      return key === "labels" ? origin.labels?.[label] : KUBERNETES[key]?.(origin);
  }
}

const KUBERNETES: Readonly<Record<string, (origin: Origin) => string | null>> = {
  pod_name: ({ pod }) => pod,
  namespace_name: ({ namespace }) => namespace,
  pod_id: ({ podId }) => podId,
  host: ({ pod, node }) => (pod === null ? null : node),
  container_name: ({ container }) => container,
  docker_id: ({ containerId }) => containerId,
  container_image: ({ image }) => image,
};
