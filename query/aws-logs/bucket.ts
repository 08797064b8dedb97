/** AWS's log files in a bucket: `s3://bucket/prefix`, below which `AWSLogs/` lies. */
import { CliError, EXIT } from "../cli-error.ts";
import { createS3Requests } from "../store/s3/requests.ts";
import type { StoreSetup } from "../store/store.ts";
import { hasService, listFiles } from "./bucket-listing.ts";
import type { FilePlace, FoundFile, Wanted } from "./store.ts";

/** Bytes that are asked for at once, and held. */
const PIECE_BYTES = 4 * 1024 * 1024;

export function openBucket(location: string, setup: StoreSetup): FilePlace {
  const [, bucket = "", prefix = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(location) ?? [];
  const requests = createS3Requests({ ...setup, bucket });
  const root = prefix === "" ? "" : `${prefix}/`;
  let accounted = { ...requests.sent };

  async function* pieces({ key, bytes, etag }: FoundFile, first: Buffer, signal: AbortSignal): AsyncGenerator<Buffer> {
    yield first;
    for (let start = PIECE_BYTES; start < bytes; start += PIECE_BYTES) {
      const range = { start, end: Math.min(bytes, start + PIECE_BYTES) };
      const piece = await requests.get(root + key, range, etag ?? null, signal);
      if (piece === null)
        throw new CliError(`${location}/${key} was deleted while it was read`, "ask again", EXIT.backend);
      yield piece;
    }
  }

  return {
    kind: "s3",
    async *list(wanted, signal) {
      let any = false;
      for await (const object of listFiles(requests.list, root, wanted, signal)) {
        any = true;
        yield { ...object, key: object.key.slice(root.length) };
      }
      if (!any) await refuseOtherPlace(location, root, { list: requests.list, layout: wanted.layout, signal });
    },
    async open(file, signal) {
      const range = { start: 0, end: Math.min(file.bytes, PIECE_BYTES) };
      if (file.bytes === 0) return nothing();
      const first = await requests.get(root + file.key, range, file.etag ?? null, signal);
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

async function* nothing(): AsyncGenerator<Buffer> {}

interface Look {
  readonly list: ReturnType<typeof createS3Requests>["list"];
  readonly layout: Wanted["layout"];
  readonly signal: AbortSignal;
}

/** Nothing in the window, or no logs of AWS's at all? */
async function refuseOtherPlace(location: string, root: string, { list, layout, signal }: Look): Promise<void> {
  if (root.includes("AWSLogs/") || (await hasService(list, root, layout, signal))) return;
  const { objects, prefixes } = await list({ prefix: `${root}AWSLogs/`, foldersOnly: true }, signal);
  const hint = "name the bucket, with the prefix that its logs were given: --store s3://bucket/prefix";
  const what = objects.length > 0 || prefixes.length > 0 ? `AWSLogs/<account>/${layout.service}/` : "AWSLogs/";
  throw new CliError(`${location} holds no ${what}`, hint, EXIT.backend);
}
