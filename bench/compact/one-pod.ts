import type { PodSpec } from "../generate/pods.ts";
import { runLogq } from "../query/run-logq.ts";
import { serveCounted } from "../query/s3-store.ts";

/** What a query of all columns for one pod's hour takes, of S3. */
export interface PodRead {
  readonly pod: string;
  readonly rank: number;
  readonly rows: number;
  readonly bytes: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly usd: number;
}

/** Of Amazon S3, in most regions. */
const GET_USD = 0.4e-6;
const LIST_USD = 5e-6;

/** Asks the built logq for pods of the hour that ended at `endMs`; the files below `root` are objects in our S3 server. */
export async function readPods(root: string, endMs: number, pods: readonly PodSpec[]): Promise<PodRead[]> {
  await using s3 = await serveCounted(root, 0);
  const reads: PodRead[] = [];
  for (const { pod, index } of pods) {
    await s3.figures();
    const args = [`select * where pod='${pod}'`, "--since", "2h", "--store", "s3://logs", "--limit", "all"];
    const { rows } = await runLogq(args, endMs, s3.env());
    const { bytes, requests } = await s3.figures();
    const usd = (requests["GetObject"] ?? 0) * GET_USD + (requests["ListObjectsV2"] ?? 0) * LIST_USD;
    reads.push({ pod, rank: index + 1, rows, bytes, requests, usd });
  }
  return reads;
}
