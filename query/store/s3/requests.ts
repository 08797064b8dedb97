/** The two requests that reading needs: ListObjectsV2, and GetObject with a range. */
import { CliError, EXIT } from "../../cli-error.ts";
import { errorOf, faultOfAnswer } from "./fault.ts";
import { parseListPage, type ListPage } from "./list-page.ts";
import type { Answer } from "./send.ts";
import { createTransport, type TransportSetup } from "./transport.ts";

export interface ListQuery {
  /** What keys begin with. */
  readonly prefix: string;
  /** Only keys after this one. */
  readonly after?: string | undefined;
  /** `next` of the page before. */
  readonly token?: string | undefined;
  /** Keys that go on behind a slash are only named up to it. */
  readonly foldersOnly?: boolean;
}

export interface S3Requests {
  /** One page of keys in their order, 1,000 at most. */
  readonly list: (query: ListQuery, signal: AbortSignal) => Promise<ListPage>;
  /**
   * Bytes of an object (`range` null: all); null if it is there no more. Throws CliError if it is another one than
   * `etag` (null: any) says, or shorter.
   */
  get(key: string, range: Range | null, etag: string | null, signal: AbortSignal): Promise<Buffer | null>;
  /** What the requests so far have come to; `bytes` are those of objects. */
  readonly sent: { readonly lists: number; readonly gets: number; readonly bytes: number };
  /** The name of who answers, once that is known. */
  readonly host: string;
}

export interface Range {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** A page of a listing, about. */
const PAGE_BYTES = 512 * 1024;
/** An object, about. */
const WHOLE_BYTES = 8 * 1024 * 1024;

export function createS3Requests(setup: Omit<TransportSetup, "onSend">): S3Requests {
  const sent = { lists: 0, gets: 0, bytes: 0 };
  const transport = createTransport({
    ...setup,
    onSend: ({ key }) => void (key === null ? sent.lists++ : sent.gets++),
  });
  return {
    sent,
    get host() {
      return transport.host;
    },
    async list({ prefix, after, token, foldersOnly = false }, signal) {
      const query = {
        "list-type": "2",
        prefix,
        ...(foldersOnly && { delimiter: "/" }),
        ...(after !== undefined && { "start-after": after }),
        ...(token !== undefined && { "continuation-token": token }),
      };
      const request = { key: null, query, headers: {}, accepts: [200], bytes: PAGE_BYTES };
      const { body } = await transport.perform(request, signal);
      const page = parseListPage(body.toString());
      if (page !== null) return page;
      const message = `cannot list s3://${setup.bucket}: ${transport.host} answers, but not as S3 does`;
      throw new CliError(message, "check AWS_ENDPOINT_URL_S3 and the region", EXIT.backend);
    },
    async get(key, range, etag, signal) {
      const headers = range === null ? {} : { range: `bytes=${range.start}-${range.end - 1}` };
      const bytes = range === null ? WHOLE_BYTES : range.end - range.start;
      const request = { key, query: {}, headers, accepts: [200, 206, 404], bytes };
      const answer = await transport.perform(request, signal);
      sent.bytes += answer.body.length;
      if (answer.status !== 404) return checked(answer, { ...setup, key, range, etag });
      const fault = faultOfAnswer(answer);
      if (fault.code === "NoSuchBucket") throw errorOf(fault, { ...setup, key, host: transport.host }, 1);
      return null;
    },
  };
}

interface AskedBytes {
  readonly bucket: string;
  readonly key: string;
  readonly range: Range | null;
  readonly etag: string | null;
}

function checked({ status, headers, body }: Answer, { bucket, key, range, etag }: AskedBytes): Buffer {
  const name = `s3://${bucket}/${key}`;
  if (etag !== null && headers.etag !== undefined && headers.etag !== etag) {
    throw new CliError(`${name} was replaced since it was listed`, "run the query again", EXIT.backend);
  }
  if (range === null) return body;
  // A store that knows no ranges sends everything.
  const bytes = status === 200 ? body.subarray(range.start, range.end) : body;
  const length = range.end - range.start;
  if (bytes.length === length) return bytes;
  const message = `cannot read ${name}: ${bytes.length} bytes came in place of ${length}`;
  throw new CliError(message, "run the query again; logq doctor looks for broken objects", EXIT.backend);
}
