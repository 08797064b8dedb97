import { createHash } from "node:crypto";
import { Readable } from "node:stream";

/** What is written to a socket at a time. */
const PIECE_BYTES = 64 * 1024;

interface Request {
  body: unknown;
  headers: Record<string, string>;
}

interface Arguments {
  readonly request: unknown;
}

type Handler = (args: Arguments) => Promise<unknown>;

/** What is needed of a client of the SDK. */
export interface PiecewiseClient {
  readonly middlewareStack: {
    add(
      // The SDK's own types know each command of each client.
      middleware: (next: any) => (args: any) => any,
      options: { readonly step: "deserialize"; readonly priority: "low"; readonly name: string },
    ): void;
  };
}

/**
 * Has a client write large bodies in pieces, as the socket takes them. Given whole, TLS encrypts all of a body at once
 * and holds that until the last of it is sent: twice the memory of each request in flight. Behind everything that looks
 * at the body.
 */
export function sendPiecewise(client: PiecewiseClient): void {
  client.middlewareStack.add(
    (next: Handler) => async (args: Arguments) => {
      const request = args.request as Request;
      const { body } = request;
      if (body instanceof Pieces) request.body = streamOf(body.buffers);
      else if (body instanceof Uint8Array && body.length > PIECE_BYTES) request.body = streamOf([body]);
      return await next(args);
    },
    { step: "deserialize", priority: "low", name: "logqPiecewise" },
  );
}

/** Gives a request of such a client a body in pieces, which are never one buffer. */
export function setPieces(request: Request, buffers: readonly Uint8Array[]): void {
  request.body = new Pieces(buffers);
  const hash = createHash("sha256");
  let length = 0;
  for (const buffer of buffers) {
    hash.update(buffer);
    length += buffer.length;
  }
  request.headers["content-length"] = String(length);
  // The SDK signs what this header says where it is there.
  request.headers["x-amz-content-sha256"] = hash.digest("hex");
}

class Pieces {
  readonly buffers: readonly Uint8Array[];

  constructor(buffers: readonly Uint8Array[]) {
    this.buffers = buffers;
  }
}

function streamOf(buffers: readonly Uint8Array[]): Readable {
  let [index, at] = [0, 0];
  return new Readable({
    highWaterMark: 1,
    read() {
      while (index < buffers.length && at >= buffers[index]!.length) [index, at] = [index + 1, 0];
      this.push(index < buffers.length ? buffers[index]!.subarray(at, (at += PIECE_BYTES)) : null);
    },
  });
}
