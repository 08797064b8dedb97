import type { Partition } from "../catalog/plan.ts";
import { CliError, EXIT } from "../cli-error.ts";
import type { CommandIo } from "../cli-io.ts";
import { compactPartition, type Compacted, type CompactOptions } from "../compact/compact.ts";
import { openCompactStore } from "../compact/open.ts";
import { readContext, requireStore } from "../context.ts";
import { bytesText, counted } from "../footer.ts";
import { parseOptions, type Options } from "../options.ts";
import { startProgress } from "../progress.ts";
import { note } from "../report.ts";
import { bytesOf } from "../size.ts";
import { openStore } from "../store/store.ts";
import { parseDuration, rangeOfFlags } from "../time-range.ts";
import type { Command } from "./command.ts";
import { refuseWords, textOf } from "./table-options.ts";

const HOUR_MS = 3_600_000;
const DEFAULTS = { grace: "1h", settle: "15m", "min-objects": "10", "target-size": "256MB" } as const;
/** Of a bucket, whose listing costs money: markers are deleted after seven days. */
const DAYS_DEFAULT = 9n;
const DAY_NS = 86_400_000_000_000n;

/** Merges the small objects of hours that are over. */
export const compact: Command = {
  usage: "compact [--store S] [--since 9d] [--grace 1h] [--dry-run]",
  help: `Each hour's objects become a few, sorted by workload, pod and time, so that
queries read fewer bytes by fewer requests. logq counts each row once at every
moment; other readers (DuckDB by hand, Spark) see rows twice from the merge
until the run after the grace. See docs/compaction.md. Stopped at any
point, the next run goes on; two at once do no harm.

  --since 9d, --from T --to T, --all-time   the hours looked at (a directory:
                    all; S3: the last nine days)
  --grace 1h        inputs stay as long after the merge: longer than any query
  --settle 15m      younger objects, and hours that ended later, are left alone
  --min-objects 10  hours with fewer objects to merge are left alone
  --target-size 256MB   of inputs that become one object; larger than a quarter
                    of it an object stays as it is
  --dry-run         only says what would be merged
  --cluster C, --region R, --profile P   as of queries
`,
  async run(argv, io) {
    const options = parseOptions(argv, { extra: EXTRA });
    refuseWords("compact", options);
    const context = await readContext(options, io.env, io.cwd);
    const location = requireStore(context);
    const setup = {
      env: io.env,
      region: textOf(options.extra["region"]) ?? context.region,
      profile: textOf(options.extra["profile"]) ?? context.profile,
      notice: (message: string) => note(io, message),
    };
    const compaction = compactOptions(options, io);
    const store = await openStore(location, setup);
    const fallback = store.kind === "s3" ? io.now() - DAYS_DEFAULT * DAY_NS : null;
    const range = rangeOfFlags(options.time, { now: io.now(), zone: options.zone }) ?? { from: fallback, to: null };
    const partitions = await store.listPartitions(range, context.clusters, io.signal);
    const closed = partitions.filter(({ hour }) => (hour + 1) * HOUR_MS + compaction.settleMs <= compaction.nowMs());
    const target = await openCompactStore(store, setup);
    return await compactAll(
      closed,
      async (partition, probe) => await compactPartition(target, partition, { ...compaction, probe }),
      compaction,
      io,
    );
  },
};

const EXTRA = {
  grace: { type: "string" },
  settle: { type: "string" },
  "min-objects": { type: "string" },
  "target-size": { type: "string" },
  "dry-run": { type: "boolean" },
  region: { type: "string" },
  profile: { type: "string" },
} as const;

async function compactAll(
  partitions: readonly Partition[],
  compactOne: (partition: Partition, told: (step: string) => void) => Promise<Compacted>,
  { isDry, graceMs }: CompactOptions,
  io: CommandIo,
): Promise<number> {
  const total = { hours: 0, failed: 0, merged: 0, into: 0, bytesBefore: 0, bytesAfter: 0 };
  for (const [i, partition] of partitions.entries()) {
    if (io.signal.aborted) return EXIT.interrupted;
    let doing = "looking";
    const progress = startProgress(io.stderr, io.stderr.isTTY === true, () => {
      return `hour ${i + 1} of ${partitions.length}, ${partition.path}: ${doing}`;
    });
    try {
      const done = await compactOne(partition, (step) => (doing = NEXT[step] ?? doing));
      progress.stop();
      if (done.into > 0) total.hours++;
      for (const name of ["merged", "into", "bytesBefore", "bytesAfter"] as const) total[name] += done[name];
      const line = lineOf(done, isDry);
      if (line !== "") await io.out.write(`${partition.path}: ${line}\n`);
    } catch (error) {
      progress.stop();
      if (io.signal.aborted) return EXIT.interrupted;
      total.failed++;
      note(io, `${partition.path} is as it was: ${(error as Error).message.split("\n")[0]!}; the next run tries again`);
    }
  }
  const sum = total.hours > 1 ? `: ${mergedText(total, isDry)}` : "";
  const verb = isDry ? "would be merged" : "merged";
  await io.out.write(`${counted(total.hours, "hour")} of ${partitions.length} ${verb}${sum}\n`);
  if (total.hours > 0 && !isDry) {
    const grace = graceMs < 60_000 ? `${graceMs / 1000} s` : `${Math.round(graceMs / 60_000)} min`;
    note(io, `readers other than logq see these rows twice until a run after ${grace} takes the inputs away`);
  }
  return total.failed === 0 ? EXIT.ok : EXIT.backend;
}

/** What comes after a step. */
const NEXT: Readonly<Record<string, string>> = {
  planned: "merging",
  merged: "storing what is merged",
  published: "merging",
  finished: "cleaning up",
  marking: "taking inputs away",
  marked: "merging",
};

function lineOf(done: Compacted, isDry: boolean): string {
  const { into, cleaned, closed } = done;
  const parts = [
    ...(into === 0 ? [] : [mergedText(done, isDry)]),
    ...(cleaned === 0 ? [] : [`${counted(cleaned, "input")} taken away`]),
    ...(closed === 0 ? [] : [`${counted(closed, "marker")} deleted`]),
  ];
  return parts.join("; ");
}

type Merged = Pick<Compacted, "merged" | "into" | "bytesBefore" | "bytesAfter">;

/** How large merged objects would be is not known before. */
function mergedText({ merged, into, bytesBefore, bytesAfter }: Merged, isDry: boolean): string {
  const before = `${counted(merged, "object")} (${bytesText(bytesBefore)})`;
  return isDry ? `${before} would become ${into}` : `${before} are ${into} (${bytesText(bytesAfter)})`;
}

function compactOptions(options: Options, io: CommandIo): CompactOptions {
  const said = (name: keyof typeof DEFAULTS): string => textOf(options.extra[name]) ?? DEFAULTS[name];
  const ms = (name: "grace" | "settle"): number => {
    if (said(name) === "0") return 0;
    try {
      return Number(parseDuration(said(name)) / 1_000_000n);
    } catch {
      throw new CliError(`--${name} ${said(name)}: not a duration`, "write a number and s, m, h or d: 30m, 1h");
    }
  };
  const objectsMin = Number(said("min-objects"));
  if (!Number.isInteger(objectsMin) || objectsMin < 2)
    throw new CliError(
      `--min-objects ${said("min-objects")}: not a number of objects`,
      "write 2 or more: --min-objects 10",
    );
  const targetBytes = bytesOf(said("target-size"));
  if (targetBytes === null || targetBytes < 1_000_000)
    throw new CliError(`--target-size ${said("target-size")}: not a size`, "write 1MB or more: --target-size 256MB");
  return {
    objectsMin,
    targetBytes,
    graceMs: ms("grace"),
    settleMs: ms("settle"),
    nowMs: () => Number(io.now() / 1_000_000n),
    signal: io.signal,
    notice: (message) => {
      if (io.stderr.isTTY === true) io.stderr.write("\r\x1b[2K");
      note(io, message);
    },
    isDry: options.extra["dry-run"] === true || options.extra["dry-run"]?.toString() === "true",
  };
}
