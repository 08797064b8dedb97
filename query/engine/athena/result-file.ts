import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { CliError, EXIT } from "../../cli-error.ts";
import type { Clients } from "./client.ts";
import type { AwsError } from "../../aws/request-error.ts";
import { request } from "./retry.ts";
import type { Clock } from "./setup.ts";

/** How often in a row a connection may break without a byte in between. */
const BREAKS_MAX = 5;

type Body = AsyncIterable<Uint8Array> & { destroy(): void };

/**
 * The bytes of a query's result file (`s3://bucket/key`), in pieces; where the connection breaks the rest is asked for.
 * Null if it may not be read, or is no S3 location: then Athena itself has to give the rows.
 */
export async function readResultFile(
  clients: Clients,
  location: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array> | null> {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  if (bucket === undefined || key === undefined) return null;
  const s3 = await clients.openS3();
  const open = async (from: number, etag: string | undefined): Promise<GetObjectCommandOutput> =>
    await request(
      `read ${location}`,
      async (options) =>
        await s3.getObject(
          { Bucket: bucket, Key: key, ...(from > 0 && { Range: `bytes=${from}-`, IfMatch: etag }) },
          options,
        ),
      { clock, signal, ...(from === 0 && { refused: unreadable }) },
    );
  const first = await open(0, undefined).catch((error: unknown) => {
    if (error === UNREADABLE) return null;
    throw error;
  });
  return first === null ? null : resumed(first, open, location, signal);
}

const UNREADABLE = new Error("the result file can't be read");

function unreadable({ name, $metadata }: AwsError): Error | null {
  return name === "AccessDenied" || $metadata?.httpStatusCode === 403 ? UNREADABLE : null;
}

async function* resumed(
  first: GetObjectCommandOutput,
  open: (from: number, etag: string | undefined) => Promise<GetObjectCommandOutput>,
  location: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const size = first.ContentLength ?? 0;
  let at = 0;
  for (let breaks = 0, answer = first; ; answer = await open(at, first.ETag)) {
    const body = answer.Body as unknown as Body;
    try {
      for await (const chunk of body) {
        breaks = 0;
        at += chunk.length;
        yield chunk;
        if (signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (++breaks > BREAKS_MAX) throw broken(location, at, size, error as Error);
      continue;
    } finally {
      body.destroy();
    }
    if (at >= size) return;
    if (++breaks > BREAKS_MAX) throw broken(location, at, size, new Error("it ended early"));
  }
}

function broken(location: string, at: number, size: number, error: Error): CliError {
  const message = `read ${location}: the connection broke at byte ${at} of ${size}, again and again (${error.message})`;
  return new CliError(message, "check the network and try again", EXIT.backend);
}
