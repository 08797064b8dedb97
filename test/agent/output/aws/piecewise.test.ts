import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { sendPiecewise, setPieces } from "../../../../agent/output/aws/piecewise.ts";

interface Request {
  body: unknown;
  headers: Record<string, string>;
}

test("a large body is written in pieces of 64 KiB at most, and is the same", async () => {
  const body = randomBytes(200_000);
  const pieces = await piecesSent({ body, headers: {} });
  expect(Math.max(...pieces.map(({ length }) => length))).toBe(65_536);
  expect(Buffer.concat(pieces).equals(body)).toBe(true);
});

test("a body in pieces is signed and counted as one, empty pieces included", async () => {
  const pieces = [Buffer.from("head"), Buffer.alloc(0), randomBytes(70_000), Buffer.from("tail")];
  const request: Request = { body: null, headers: {} };
  setPieces(request, pieces);
  const body = Buffer.concat(pieces);
  expect(request.headers).toEqual({
    "content-length": String(body.length),
    "x-amz-content-sha256": createHash("sha256").update(body).digest("hex"),
  });
  expect(Buffer.concat(await piecesSent(request)).equals(body)).toBe(true);
});

test("a small body, a text and none are left as they are", async () => {
  for (const body of [Buffer.alloc(65_536), "text", undefined])
    expect(await bodySent({ body, headers: {} })).toBe(body);
});

async function piecesSent(request: Request): Promise<Buffer[]> {
  const sent = await bodySent(request);
  expect(sent).toBeInstanceOf(Readable);
  return (await (sent as Readable).toArray()) as Buffer[];
}

/** What a client's handler is given. */
async function bodySent(request: Request): Promise<unknown> {
  let send: ((args: { request: Request }) => Promise<unknown>) | null = null;
  const next = (args: { request: Request }): Promise<unknown> => Promise.resolve(args.request.body);
  sendPiecewise({ middlewareStack: { add: (middleware) => (send = middleware(next) as typeof send) } });
  return await send!({ request });
}
