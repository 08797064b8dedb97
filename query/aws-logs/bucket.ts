/** AWS's log files in a bucket: `s3://bucket/prefix`, below which `AWSLogs/` lies. */
import { createS3Requests } from "../store/s3/requests.ts";
import type { StoreSetup } from "../store/store.ts";
import type { FilePlace, FoundFile, Wanted } from "./store.ts";

/** Bytes that are asked for at once, and held. */
const PIECE_BYTES = 4 * 1024 * 1024;

export function openBucket(location: string, setup: StoreSetup): FilePlace {
  const [, bucket = "", prefix = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(location) ?? [];
  const requests = createS3Requests({ ...setup, bucket });
  const root = prefix === "" ? "" : `${prefix}/`;
  let accounted = { ...requests.sent };

  async function* list(_: Wanted, signal: AbortSignal): AsyncGenerator<FoundFile> {
    for (let token: string | undefined; ;) {
      const page = await requests.list({ prefix: root, token }, signal);
      for (const object of page.objects) yield { ...object, key: object.key.slice(root.length) };
      if (page.next === null) return;
      token = page.next;
    }
  }

  async function* pieces({ key, bytes, etag }: FoundFile, first: Buffer, signal: AbortSignal): AsyncGenerator<Buffer> {
    yield first;
    for (let start = PIECE_BYTES; start < bytes; start += PIECE_BYTES) {
      const piece = await requests.get(
        root + key,
        { start, end: Math.min(bytes, start + PIECE_BYTES) },
        etag ?? null,
        signal,
      );
      if (piece === null) return;
      yield piece;
    }
  }

  return {
    kind: "s3",
    list,
    async open(file, signal) {
      const range = { start: 0, end: Math.min(file.bytes, PIECE_BYTES) };
      const first =
        file.bytes === 0 ? Buffer.alloc(0) : await requests.get(root + file.key, range, file.etag ?? null, signal);
      return first === null ? null : pieces(file, first, signal);
    },
    spent() {
      const { lists, gets, bytes } = requests.sent;
      const spent = {
        bytesRead: bytes - accounted.bytes,
        requests: gets - accounted.gets,
        listRequests: lists - accounted.lists,
      };
      accounted = { ...requests.sent };
      return spent;
    },
  };
}
