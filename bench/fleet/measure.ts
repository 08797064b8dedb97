import { footerBytes, TRAILER_BYTES } from "../../query/store/parquet/footer.ts";
import type { Need } from "../../query/store/store.ts";
import { samplePods } from "../generate/pods.ts";
import { shipmentsOf } from "../query/shipments.ts";
import { bytesRead, encodeJson, encodeParquet } from "../query/stored-hour.ts";
import { objectsPerHour } from "./uploads.ts";

/** What one node of the fleet does in an hour. */
export interface NodeHour {
  readonly pods: number;
  readonly rawBytes: number;
  readonly records: number;
  /** Of the messages, and of the records as Fluent Bit's JSON with its kubernetes fields. */
  readonly messageBytes: number;
  readonly textBytes: number;
  /** Fluent Bit's objects: one a container every ten minutes, gzip. */
  readonly json: { readonly objects: number; readonly bytes: number; readonly podBytes: number };
  /** By `upload_timeout`, shortest first. */
  readonly uploads: readonly Uploads[];
}

export interface Uploads {
  readonly uploadTimeoutS: number;
  /** Objects that get into an hour's partition. */
  readonly objects: number;
  readonly bytes: number;
  readonly footerBytes: number;
  /** Read by Athena or logq for `select *` of one pod: where the pod is on this node, and where it is not. */
  readonly podBytes: number;
  readonly absentBytes: number;
}

const START_MS = Date.UTC(2026, 10, 21, 14);
const HOUR_MS = 3_600_000;
const TOTAL_FILE_SIZE_BYTES = 64 * 1024 * 1024;
const JSON_EVERY_S = 600;

/** Encodes a node's hour with the agent's encoders, at the rhythm of the agent's pump. */
export async function measureNode(pods: number, rawBytes: number, timeoutsS: readonly number[]): Promise<NodeHour> {
  const fleet = {
    pods,
    rawBytes,
    sizes: "even",
    nodes: 1,
    seed: 1,
    startMs: START_MS,
    endMs: START_MS + HOUR_MS,
  } as const;
  const asked = samplePods(fleet)[pods >> 1]!.pod;
  const uploads: Uploads[] = [];
  let writtenBytes = 0;
  for (const uploadTimeoutS of timeoutsS) {
    const config = { uploadTimeoutMs: uploadTimeoutS * 1000, totalFileSizeBytes: TOTAL_FILE_SIZE_BYTES };
    const objects = await objectsPerHour(rawBytes, config);
    const encoded = await encodeParquet(shipmentsOf({ ...fleet, shipments: objects }));
    writtenBytes = encoded.rawBytes;
    uploads.push({
      uploadTimeoutS,
      objects,
      bytes: encoded.objects.reduce((sum, object) => sum + object.length, 0),
      footerBytes: encoded.objects.reduce((sum, object) => sum + footerBytes(object) + TRAILER_BYTES, 0),
      podBytes: bytesRead(encoded.objects, needOf(asked)),
      absentBytes: bytesRead(encoded.objects, needOf(`${asked}x`)),
    });
  }
  const json = await encodeJson(shipmentsOf({ ...fleet, shipments: HOUR_MS / 1000 / JSON_EVERY_S }));
  return {
    pods,
    rawBytes: writtenBytes,
    records: json.records,
    messageBytes: json.messageBytes,
    textBytes: json.textBytes,
    json: { objects: json.objects, bytes: json.bytes, podBytes: json.podBytes.get(asked) ?? 0 },
    uploads,
  };
}

function needOf(pod: string): Need {
  return { columns: null, range: { from: null, to: null }, bounds: [{ column: "pod", min: pod, max: pod }] };
}
