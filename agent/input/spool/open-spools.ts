import { createHash } from "node:crypto";
import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { TailConfig } from "../../../config/input/tail.ts";
import type { Origin } from "../../record.ts";
import { makePrivateFolder } from "../../state/folder.ts";
import type { Logger } from "../../telemetry/log.ts";
import { sourceOfFile } from "./source-folder.ts";
import { openSpool, type OpenSpool } from "./spool.ts";
import type { NamedSpooledInput, SpooledInput } from "./spooled-input.ts";

/** A spool, its input, and how its files are followed. */
export interface SpoolParts {
  readonly id: string;
  readonly spool: OpenSpool;
  /** Null: no input has it any more; what was acknowledged is shipped all the same. */
  readonly input: SpooledInput | null;
  readonly config: TailConfig;
  readonly describe: (file: { path: string; id: string }) => Origin;
}

/** The name of a spool in the state folder: the plugin, and a hash of what makes the input another one. */
export function spoolId(plugin: string, identity: string): string {
  return `${plugin}-${createHash("sha256").update(identity).digest("hex").slice(0, 12)}`;
}

/** Opens the spools of the inputs, and those that inputs of an earlier configuration left. */
export async function openSpools(
  inputs: readonly NamedSpooledInput[],
  { storagePath, node, log }: { storagePath: string; node: string; log: Logger },
): Promise<SpoolParts[]> {
  const folder = join(storagePath, "spool");
  if (inputs.length > 0) await makePrivateFolder(folder);
  const left = (await readdir(folder).catch(ifMissing)) ?? [];
  const parts: SpoolParts[] = [];
  const ids = new Set([...inputs.map(({ id }) => id), ...left]);
  for (const id of ids) {
    await makePrivateFolder(join(folder, id));
    // As a tail names what it finds.
    const root = await realpath(join(folder, id));
    const own = inputs.find((input) => input.id === id) ?? null;
    const spool = await openSpool({ root, bytesMax: own?.bytesMax ?? 0, log });
    const describe: SpoolParts["describe"] = (file) => describeSpooled(file, { inputId: id, node });
    parts.push({ id, spool, input: own?.input ?? null, config: tailOf(root), describe });
  }
  return parts;
}

/** The files of a spool, each of which is whole lines and grows at its end only. */
function tailOf(root: string): TailConfig {
  return {
    plugin: "tail",
    tag: "",
    path: [join(root, "*", "*.log")],
    excludePath: [],
    framing: "spool",
    multiline: null,
    parser: null,
    skipEmptyLines: false,
    refreshIntervalMs: REFRESH_MS,
    readFromHead: true,
    ignoreOlderMs: null,
    source: null,
    links: true,
  };
}

const REFRESH_MS = 60_000;

function describeSpooled(
  file: { path: string; id: string },
  { inputId, node }: { inputId: string; node: string },
): Origin {
  const { name, tag, origin } = sourceOfFile(file.path);
  return {
    source: "application",
    node,
    namespace: null,
    workload: null,
    pod: null,
    container: null,
    podId: null,
    image: null,
    labels: null,
    containerId: null,
    ...origin,
    file: `${node}/${origin.podId ?? inputId}/${origin.container ?? name}/${file.id}`,
    tag,
    path: file.path,
  };
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
