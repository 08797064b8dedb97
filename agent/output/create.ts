import { createHash } from "node:crypto";
import type { DirectoryConfig, OutputConfig, ServiceConfig } from "../../config/config.ts";
import type { ObjectName } from "../../config/table.ts";
import type { ObjectEncoder } from "../encode/encoder.ts";
import { createJsonLinesEncoder } from "../encode/json-lines.ts";
import { createParquetEncoder } from "../encode/parquet/parquet-encoder.ts";
import type { Probe } from "../probe.ts";
import { createDirectoryStore } from "./directory.ts";
import { createNullOutput } from "./null.ts";
import { createObjectOutput } from "./objects.ts";
import type { Output } from "./output.ts";
import { createStdoutOutput } from "./stdout.ts";

/** What an output needs of the agent; journaled with each shipment, so that a replay writes the same objects. */
export interface OutputContext extends Pick<ServiceConfig, "cluster" | "node"> {
  /** Identity of the state folder, 80 bits in hex. */
  readonly life: string;
}

/** The identity of an output: its alias, else a hash of its destination. Never its place in the file. */
function outputId(config: OutputConfig): string {
  if (config.alias !== null) return config.alias;
  const destination = config.plugin === "directory" ? config.path : "";
  return createHash("sha256").update(`${config.plugin} ${destination}`).digest("hex").slice(0, 8);
}

/** Builds an output from its effective configuration. Loads and opens nothing until it is used. */
export function createOutput(config: OutputConfig, context: OutputContext, probe: Probe): Output {
  const id = outputId(config);
  const recorded = { config, cluster: context.cluster, node: context.node };
  if (config.plugin === "stdout") return createStdoutOutput(id, recorded);
  if (config.plugin === "null") return createNullOutput(id, recorded);
  return createObjectOutput({
    id,
    recorded,
    store: createDirectoryStore(config.path),
    name: { ...context, extension: extensionOf(config) },
    createEncoder: () => createEncoder(config),
    probe,
  });
}

/** Builds the output that a journaled shipment was meant for, whatever the configuration says now. */
export function createRecordedOutput(recorded: unknown, life: string, probe: Probe): Output {
  const { config, cluster, node } = recorded as { config: OutputConfig; cluster: string; node: string };
  return createOutput(config, { cluster, node, life }, probe);
}

function createEncoder(config: DirectoryConfig): ObjectEncoder {
  const { format, compression } = config;
  if (format === "json_lines") return createJsonLinesEncoder({ compression });
  return createParquetEncoder({ compression: compression === "none" ? "none" : "zstd" });
}

function extensionOf(config: DirectoryConfig): ObjectName["extension"] {
  if (config.format === "parquet") return "parquet";
  return ({ zstd: "json.zst", gzip: "json.gz", none: "json" } as const)[config.compression];
}
