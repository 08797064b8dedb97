import type { Framing } from "../../config/framing.ts";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** The files of one container attempt, oldest first: a stream in which an open partial goes on from file to file. */
export interface SourceChain {
  readonly podId: string | null;
  readonly container: string | null;
  /** N of `N.log`. */
  readonly attempt: number;
  /** Plain or, by its name, gzip. */
  readonly files: readonly { readonly path: string; readonly inode: number }[];
  readonly framing: Framing;
  /** Nothing can follow any more: what is open at the end is a record, cut at `end`. */
  readonly final: boolean;
  /** Whether an unterminated last line of a chain that is not final counts as a line (unchanged for 5 s). */
  readonly tornLineCounts: boolean;
}

export interface ListOptions {
  /** Whether every chain is final; else only those whose container was started again and wrote. */
  readonly allFinal?: boolean;
  readonly tornLineCounts?: boolean;
}

/**
 * The chains of a folder shaped like /var/log/pods: that folder itself, or a live node's archive, where every physical
 * file is kept as `<attempt>.log.<order>` (bench/generate/container-log.ts).
 */
export function listChains(
  podsFolder: string,
  { allFinal = false, tornLineCounts = true }: ListOptions = {},
): SourceChain[] {
  const chains: SourceChain[] = [];
  for (const pod of readdirSync(podsFolder).toSorted()) {
    const podId = pod.split("_").at(-1)!;
    for (const container of readdirSync(join(podsFolder, pod)).toSorted()) {
      const folder = join(podsFolder, pod, container);
      const attempts = Map.groupBy(readdirSync(folder).filter(isLog), (name) => Number.parseInt(name, 10));
      for (const [attempt, names] of attempts) {
        const files = names
          .toSorted(byAge)
          .map((name) => ({ path: join(folder, name), inode: statSync(join(folder, name)).ino }));
        const next = attempts.get(attempt + 1) ?? [];
        const final = allFinal || next.some((name) => statSync(join(folder, name)).size > 0);
        chains.push({ podId, container, attempt, files, framing: "cri", final, tornLineCounts });
      }
    }
  }
  return chains;
}

function isLog(name: string): boolean {
  return /^\d+\.log(\.\d[^.]*(\.gz)?)?$/.test(name);
}

/** Rotated files by their time or order, then the live one, which has no suffix. */
function byAge(left: string, right: string): number {
  return age(left) < age(right) ? -1 : 1;
}

function age(name: string): string {
  return /\.log\.([^.]+)/.exec(name)?.[1] ?? "~";
}
