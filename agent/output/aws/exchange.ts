import { request as requestHttp, type Agent, type ClientRequest, type IncomingHttpHeaders } from "node:http";
import { request as requestHttps } from "node:https";

/** What is written to a socket at a time. Given whole, TLS encrypts all of a body at once and holds that until it is sent. */
const PIECE_BYTES = 64 * 1024;
const CONNECT_TIMEOUT_MS = 5000;
/** Who does not answer `Expect: 100-continue` by then does not know it. */
const CONTINUE_TIMEOUT_MS = 6000;

/** One request over HTTP, as it is sent. */
export interface Outgoing {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | null;
  readonly method: string;
  /** Path and query, encoded. */
  readonly path: string;
  /** With the content's length. `expect: 100-continue`: the body is sent once the service wants it. */
  readonly headers: Readonly<Record<string, string>>;
  /** In pieces, which are never one buffer; it must not change before the answer. */
  readonly body: readonly Uint8Array[];
}

export interface Answer {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends a request; rejects with the system's error, a TimeoutError where no connection comes about, or the signal's AbortError. */
export async function exchange({ body, ...outgoing }: Outgoing, agent: Agent, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const begin = outgoing.protocol === "https:" ? requestHttps : requestHttp;
  const sent = begin({ ...outgoing, agent }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => {
      const { statusCode: status = 0, headers } = response;
      resolve({ status, headers, body: Buffer.concat(chunks) });
      // Refused before all of it was sent: the rest is for nobody.
      if (!sent.writableFinished) sent.destroy();
    });
  });
  sent.on("error", reject);
  // Given to Node, the signal costs a dozen listeners a request.
  signal.addEventListener("abort", () => sent.destroy(signal.reason as Error), { once: true });
  endWithoutConnection(sent);
  if (outgoing.headers["expect"] === undefined) write(sent, body);
  else writeWhenWanted(sent, body);
  return await promise;
}

function endWithoutConnection(sent: ClientRequest): void {
  sent.once("socket", (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => {
      const error = new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`);
      sent.destroy(Object.assign(error, { name: "TimeoutError" }));
    }, CONNECT_TIMEOUT_MS);
    const clear = (): void => clearTimeout(timer);
    socket.once("connect", clear);
    socket.once("close", clear);
  });
}

function writeWhenWanted(sent: ClientRequest, body: readonly Uint8Array[]): void {
  const begin = (): void => {
    clearTimeout(timer);
    write(sent, body);
  };
  const timer = setTimeout(begin, CONTINUE_TIMEOUT_MS);
  const clear = (): void => clearTimeout(timer);
  sent.once("continue", begin);
  sent.once("response", clear);
  sent.once("close", clear);
}

/** Writes a body as the socket takes it. */
function write(sent: ClientRequest, body: readonly Uint8Array[]): void {
  let [index, at] = [0, 0];
  const next = (): void => {
    for (;;) {
      while (index < body.length && at >= body[index]!.length) [index, at] = [index + 1, 0];
      if (index === body.length) return void sent.end();
      const piece = body[index]!.subarray(at, (at += PIECE_BYTES));
      if (!sent.write(piece)) return void sent.once("drain", next);
    }
  };
  next();
}
