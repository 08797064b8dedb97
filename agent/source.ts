import type { LogFile } from "./input/tail/log-file.ts";
import type { Chain, FollowedFile } from "./input/tail/followed-file.ts";
import type { Tail } from "./input/tail/tail.ts";

/** What a shipper sees of the inputs: the chains whose tag its output matches. */
export interface Source {
  chains(): Chain[];
  open(fileId: string): LogFile;
  fileOf(fileId: string): FollowedFile;
  /** The same, or null if no input follows the file any more. */
  find(fileId: string): FollowedFile | null;
  /** A file was found truncated or overwritten in place. Returns it as it was. */
  replaced(fileId: string): Promise<FollowedFile>;
  /** Of the clock that says how long a file has been quiet: it never jumps. */
  nowMs(): number;
}

export function createSource(
  tails: readonly Tail[],
  matchesTag: (tag: string) => boolean,
  nowMs: () => number = () => performance.now(),
): Source {
  const tailOf = (fileId: string): Tail => {
    const tail = tails.find((candidate) => candidate.files.has(fileId));
    if (tail === undefined) throw new Error(`cannot read file ${fileId}: no input follows it any more`);
    return tail;
  };
  return {
    chains: () =>
      tails.flatMap((tail) =>
        [...tail.chains.values()].filter((chain) => matchesTag(chain.files[0]?.record.origin.tag ?? "")),
      ),
    open: (fileId) => tailOf(fileId).open(fileId),
    find: (fileId) => tails.find((tail) => tail.files.has(fileId))?.files.get(fileId) ?? null,
    fileOf: (fileId) => tailOf(fileId).files.get(fileId)!,
    nowMs,
    replaced: async (fileId) => {
      const tail = tailOf(fileId);
      const file = tail.files.get(fileId)!;
      await tail.replace(file, nowMs());
      return file;
    },
  };
}
