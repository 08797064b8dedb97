/** How the rows of many objects are sorted in little memory: by parts of the order that fit, each sorted by itself. A pure function. */

export interface PodRank {
  /** In the order of the rows, by workload and pod. */
  readonly rank: number;
  readonly workload: string | null;
  readonly pod: string | null;
}

/** What one object has of one pod. */
export interface Share {
  readonly pod: PodRank;
  readonly file: string;
  readonly rows: number;
  /** Of the messages. */
  readonly logBytes: number;
}

/** Rows of the pods from `first` to `last`, and of these seconds since 1970 (null: all), in these files. */
export interface Bucket {
  readonly first: PodRank;
  readonly last: PodRank;
  readonly seconds: { readonly from: number; readonly to: number } | null;
  readonly files: readonly string[];
}

/** What a row takes in a sort beside its message, about. */
const ROW_BYTES = 120;

function weightOf({ rows, logBytes }: Pick<Share, "rows" | "logBytes">): number {
  return logBytes + rows * ROW_BYTES;
}

/**
 * The buckets in order of the rows; none weighs more than `weightMax` unless one pod does: then it is for `bySeconds` to cut.
 * `shares` in order of pods.
 */
export function bucketsOf(shares: Iterable<Share>, weightMax: number): { bucket: Bucket; weight: number }[] {
  const buckets: { bucket: Bucket; weight: number }[] = [];
  const pods = Map.groupBy(shares, ({ pod }) => pod.rank);
  let open: { pods: PodRank[]; files: Set<string>; weight: number } | null = null;
  const close = (): void => {
    if (open === null) return;
    const { pods: names, files, weight } = open;
    buckets.push({ bucket: { first: names[0]!, last: names.at(-1)!, seconds: null, files: [...files] }, weight });
    open = null;
  };
  for (const own of pods.values()) {
    const weight = own.reduce((sum, share) => sum + weightOf(share), 0);
    if (open !== null && open.weight + weight > weightMax) close();
    open ??= { pods: [], files: new Set(), weight: 0 };
    open.pods.push(own[0]!.pod);
    for (const { file } of own) open.files.add(file);
    open.weight += weight;
  }
  close();
  return buckets;
}

/** Rows of a file in a second. */
export interface SecondShare {
  readonly second: number;
  readonly file: string;
  readonly rows: number;
  readonly logBytes: number;
}

/** Cuts a bucket of one pod into such of whole seconds. `shares` in order of seconds. */
export function bySeconds(bucket: Bucket, shares: readonly SecondShare[], weightMax: number): Bucket[] {
  const parts: Bucket[] = [];
  let files = new Set<string>();
  let weight = 0;
  let from = shares[0]?.second ?? 0;
  for (const [i, share] of shares.entries()) {
    files.add(share.file);
    weight += weightOf(share);
    const next = shares[i + 1];
    if (next !== undefined && (next.second === share.second || weight < weightMax)) continue;
    const to = next?.second ?? share.second + 1;
    parts.push({ ...bucket, seconds: { from, to }, files: [...files] });
    files = new Set();
    weight = 0;
    from = to;
  }
  return parts;
}
