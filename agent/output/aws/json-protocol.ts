import type { Request } from "./connection.ts";
import type { Answer } from "./exchange.ts";
import type { AwsError } from "./fault.ts";

/**
 * AWS' JSON protocol 1.1, which CloudWatch Logs and Firehose speak
 * (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html): POST to the root, the operation in a header.
 * `target`: the service's name and version there.
 */
export function jsonRequest(
  target: string,
  operation: string,
  body: readonly Uint8Array[],
  more: Readonly<Record<string, string>> = {},
): Request {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `${target}.${operation}`, ...more };
  return { method: "POST", path: "/", headers, body };
}

/** What an answer that is no error holds; some operations answer with nothing. */
export function jsonOf<Result>({ body }: Answer): Partial<Result> {
  return (body.length === 0 ? {} : JSON.parse(body.toString())) as Partial<Result>;
}

/** The error that an answer is, or null. Its word is in a header or in the body, with a namespace or a URL around it. */
export function jsonErrorOf(answer: Answer): AwsError | null {
  const { status, headers } = answer;
  const content = contentOf(answer);
  if (status < 300 && content !== null) return null;
  const { __type: type, code, message, Message } = content ?? {};
  const word = [headers["x-amzn-errortype"], type, code].find((each) => typeof each === "string");
  const name = word?.split(/[,:]/)[0]!.split("#").at(-1);
  const text = [message, Message].find((each) => typeof each === "string");
  return Object.assign(new Error(text ?? (status < 300 ? "the answer is no JSON" : `HTTP status ${status}`)), {
    name: name ?? `HTTP ${status}`,
    // Who is in between and answers in the service's place may be gone the next time.
    status: status < 300 ? 502 : status,
    headers,
  });
}

function contentOf(answer: Answer): Record<string, unknown> | null {
  try {
    const content: unknown = jsonOf(answer);
    return typeof content === "object" ? (content as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}
