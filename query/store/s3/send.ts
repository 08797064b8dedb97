import { Agent as HttpAgent, request as requestHttp, type IncomingHttpHeaders, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends one GET. Rejects with the system's error, a TimeoutError, or the signal's reason. */
export type Send = (target: Target, signal: AbortSignal) => Promise<Answer>;

interface Target {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | undefined;
  /** Path and query, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Without a byte for so long a connection counts as dead. */
const SILENCE_MS_MAX = 20_000;

/** GETs over connections that are kept and used again, `connectionsMax` of them at most. */
export function createSend(connectionsMax: number, silenceMsMax = SILENCE_MS_MAX): Send {
  const options = { keepAlive: true, maxSockets: connectionsMax, scheduling: "lifo" } as const;
  const http = new HttpAgent(options);
  const https = new HttpsAgent(options);
  return async (target, signal) => {
    signal.throwIfAborted();
    const isTls = target.protocol === "https:";
    const { protocol, hostname, port, path, headers } = target;
    return await exchange(
      isTls ? requestHttps : requestHttp,
      { protocol, hostname, port, path, headers, agent: isTls ? https : http, signal },
      silenceMsMax,
    );
  };
}

async function exchange(request: typeof requestHttp, options: RequestOptions, silenceMsMax: number): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) });
      });
    });
    sent.on("error", (error) => reject(options.signal?.aborted === true ? asError(options.signal.reason) : error));
    sent.setTimeout(silenceMsMax, () => {
      const error = new Error(`nothing came for ${silenceMsMax / 1000} s`);
      sent.destroy(Object.assign(error, { name: "TimeoutError" }));
    });
    sent.end();
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
