/** The body of a question: `{"args": ["--since", "1h", "select *"]}`. */
import type { IncomingMessage } from "node:http";

export type ReadArgs =
  | { readonly kind: "args"; readonly args: readonly string[] }
  | { readonly kind: "refused"; readonly status: number; readonly why: string };

/** Athena's longest query is 262,144 bytes; in JSON a character takes up to six. */
const BODY_BYTES_MAX = 2_000_000;

/** Reads it to its end: who is cut off while sending sees no answer. Rejects if the client goes away before. */
export async function readArgs(request: IncomingMessage): Promise<ReadArgs> {
  const [type = ""] = (request.headers["content-type"] ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/json") return refused(415, "send Content-Type: application/json");
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (bytes > BODY_BYTES_MAX) return refused(413, `a question has at most ${BODY_BYTES_MAX} bytes`);
  const args = argsOf(Buffer.concat(chunks).toString("utf8"));
  return args === null ? refused(400, 'send {"args": ["…", …]}, the arguments of logq') : { kind: "args", args };
}

function argsOf(text: string): readonly string[] | null {
  try {
    const { args } = JSON.parse(text) as { readonly args?: unknown };
    return Array.isArray(args) && args.every((arg) => typeof arg === "string") ? args : null;
  } catch {
    return null;
  }
}

function refused(status: number, why: string): ReadArgs {
  return { kind: "refused", status, why };
}
