import type { Chain, FollowedFile } from "./input/tail/followed-file.ts";
import { isWithin, startOf, unread } from "./plan.ts";
import type { Cursor, LostBytes, Positions, Range } from "./state/positions.ts";
import type { Ledger } from "./telemetry/ledger.ts";

type OpenRecord = Cursor["open"][number];

/**
 * What an output loses when its position moves over a range: the rest of the given-up files in between, and the open
 * records that needed one. `read` is the cursor as it was planned, without those. Pure.
 */
export function lostByMoving(
  chain: Chain,
  from: { readonly cursor: Cursor | null; readonly read: Cursor | null },
  range: Pick<Range, "segments" | "cursor">,
): LostBytes[] {
  const reached = chain.files.findIndex((file) => file.record.id === range.cursor.file);
  const isPassed = (file: FollowedFile) =>
    file.record.givenUp !== undefined && !file.lossCounted && chain.files.indexOf(file) < reached;
  const rests = unread(chain, from.cursor)
    .filter(isPassed)
    .map((file) => {
      // Given up since it was planned: it was read so far.
      const end = range.segments.find((segment) => segment.file === file.record.id)?.end;
      return { file, bytes: Math.max(0, file.size - (end ?? startOf(file, from.cursor))) };
    });
  const kept = new Set(from.read?.open);
  return sumUp(
    chain,
    rests,
    (from.cursor?.open ?? []).filter((open) => !kept.has(open)),
  );
}

/** What an output loses when a given-up file is released before it has committed it. Pure. */
export function lostByRelease(chain: Chain, file: FollowedFile, cursor: Cursor | null): LostBytes[] {
  const rests = unread(chain, cursor)
    .filter((other) => other === file)
    .map(() => ({ file, bytes: Math.max(0, file.size - startOf(file, cursor)) }));
  const open = (cursor?.open ?? []).filter(({ fragments }) => fragments.some((part) => part.file === file.record.id));
  return sumUp(chain, rests, open);
}

/**
 * Logs and counts what an output's last commit gave up, unless that was done: after the commit, and at a start, since a
 * crash may come between the two. Then the output's accounts must not have begun.
 */
export async function sayLosses(output: string, positions: Positions, ledger: Ledger): Promise<void> {
  for (const loss of positions.unsaid) ledger.lost({ output, ...loss });
  // Otherwise the next start says it once more.
  await positions.said().catch(() => undefined);
}

interface Rest {
  readonly file: FollowedFile;
  readonly bytes: number;
}

function sumUp(chain: Chain, rests: readonly Rest[], open: readonly OpenRecord[]): LostBytes[] {
  const bytes = new Map(rests.map((rest) => [rest.file, rest.bytes]));
  // A record that needs a file whose loss was counted before was counted with that file.
  const uncounted = chain.files.filter((file) => !file.lossCounted);
  for (const { fragments } of open.filter((record) => isWithin(uncounted, record))) {
    for (const { file: id, start, end } of fragments) {
      const file = chain.files.find(({ record }) => record.id === id)!;
      bytes.set(file, (bytes.get(file) ?? 0) + end - start);
    }
  }
  // A part in a file that can be read is lost for the reason of the part that can't.
  const reason = chain.files.find(({ record }) => record.givenUp !== undefined)?.record.givenUp?.reason ?? "deleted";
  // How much a deleted file held may not be known: that it is missing is said in any case.
  const isSaid = ({ record: { givenUp } }: FollowedFile, sum: number) =>
    sum > 0 || ((givenUp?.reason ?? reason) === "deleted" && givenUp?.isSizeKnown !== true);
  return [...bytes]
    .filter(([file, sum]) => isSaid(file, sum))
    .map(
      ([
        {
          record: { id, path, givenUp },
        },
        sum,
      ]) => ({
        file: id,
        path,
        bytes: sum,
        reason: givenUp?.reason ?? reason,
      }),
    );
}
