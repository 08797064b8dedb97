import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where a run keeps what it writes; all of it lies in the project. */
export interface Folder {
  readonly path: string;
  /** The sample node's `/`. */
  readonly node: string;
  /** The agent's `storage.path`. */
  readonly state: string;
  /** The agent's output, logq's store. */
  readonly store: string;
  readonly config: string;
  /** What the agent says on stderr. */
  readonly agentLog: string;
  readonly programs: { readonly agent: string; readonly logq: string };
  /** For both programs: the store, and nothing remembered or left outside of the project. */
  readonly env: NodeJS.ProcessEnv;
}

/** Makes `.logq/quickstart` anew. Throws if the programs are not built, or if one of `keep` lies in there. */
export function prepareFolder(keep: readonly string[] = []): Folder {
  const programs = { agent: join(PROJECT, "dist/logq-agent.cjs"), logq: join(PROJECT, "dist/logq.cjs") };
  for (const program of Object.values(programs)) {
    if (!existsSync(program)) throw new Error(`run ${shorten(program)}: it is not built; do it with: npm run build`);
  }
  const path = join(PROJECT, ".logq/quickstart");
  const doomed = keep.find((file) => file.startsWith(`${path}/`));
  if (doomed !== undefined) {
    throw new Error(`ship ${doomed}: each run makes ${shorten(path)} anew; copy the file elsewhere first`);
  }
  const [store, temporary] = [join(path, "store"), join(path, "tmp")];
  rmSync(path, { recursive: true, force: true });
  for (const folder of [store, temporary]) mkdirSync(folder, { recursive: true });
  return {
    path,
    node: join(path, "node"),
    state: join(path, "state"),
    store,
    config: join(path, "agent.yaml"),
    agentLog: join(path, "agent.log"),
    programs,
    env: { ...process.env, LOGQ_STORE: store, XDG_CONFIG_HOME: join(path, "settings"), TMPDIR: temporary },
  };
}

/** A path as people would type it: relative, if it lies below the working directory. */
export function shorten(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
