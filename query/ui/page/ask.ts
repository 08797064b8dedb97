/** What the server says beside rows: its lines that begin with `#`. */
export type Note =
  | { readonly kind: "notice"; readonly text: string }
  | { readonly kind: "columns"; readonly columns: readonly string[] }
  | { readonly kind: "error"; readonly text: string }
  | { readonly kind: "end" | "stopped"; readonly rows: number; readonly ms: number };

/** What the page is told when it starts. */
export interface Session {
  readonly context: string | null;
  readonly store: string | null;
  readonly engine: string | null;
  /** Whether a query may cost money: then nothing is asked that nobody asked for. */
  readonly athena: boolean;
  readonly zone: string;
  readonly version: string;
  /** The options that the server adds to each request. */
  readonly args: readonly string[];
  readonly columns: readonly { readonly name: string; readonly type: string; readonly meaning: string }[];
  readonly levels: readonly string[];
}

const CHUNK_BYTES = 64 * 1024;
/** The page works for so long before it lets the browser draw. */
const SLICE_MS = 8;

/**
 * Runs `logq` with these arguments and hands over what it prints as it comes: pieces of lines, cut anywhere. Resolves at
 * the end of the response, rejects if it is cut off; a refusal is an Error whose message is the server's sentence.
 * `onBegin` is told the name of the run, for `stopRun`.
 */
export async function run(
  args: readonly string[],
  onChunk: (chunk: Uint8Array) => void,
  signal: AbortSignal,
  onBegin?: (name: string) => void,
): Promise<void> {
  const response = await post("/api/run", args, signal);
  onBegin?.(response.headers.get("logq-run")!);
  const next = readerOf(response.body!);
  let sliceStart = performance.now();
  for (;;) {
    const value = await next();
    if (value === null) return;
    onChunk(value);
    if (performance.now() - sliceStart < SLICE_MS) continue;
    await nextTask();
    sliceStart = performance.now();
  }
}

/** Stops a run as Ctrl-C does: what logq says then, such as what Athena bills, is the end of its response. */
export async function stopRun(name: string, signal: AbortSignal): Promise<void> {
  await post("/api/stop", [name], signal);
}

interface Answer {
  readonly rows: string[];
  readonly notices: string[];
  /** What is printed and is no row, such as an estimate. */
  readonly text: string;
}

/** The whole answer of a question with few rows. Throws Error with the CLI's text if it fails. */
export async function answer(args: readonly string[], signal: AbortSignal): Promise<Answer> {
  const decoder = new TextDecoder();
  let text = "";
  await run(args, (chunk) => (text += decoder.decode(chunk, { stream: true })), signal);
  const rows: string[] = [];
  const notices: string[] = [];
  const others: string[] = [];
  let isWhole = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("{")) rows.push(line);
    else if (!line.startsWith("#")) others.push(line);
    const note = readNote(line);
    if (note?.kind === "notice") notices.push(note.text);
    if (note?.kind === "error") throw new Error(note.text);
    if (note?.kind === "end") isWhole = true;
  }
  if (!isWhole) throw new Error(CUT_OFF);
  return { rows, notices, text: others.join("\n").trimEnd() };
}

export const CUT_OFF = "the answer was cut off: is logq ui still running? Run the query again";

/** Reads a line of the server's own; null for any other line, and for what this page does not know. */
export function readNote(line: string): Note | null {
  if (!line.startsWith("#")) return null;
  const said = JSON.parse(line.slice(1)) as {
    notice?: string;
    columns?: string[];
    error?: { text: string };
    end?: { rows: number; ms: number };
    stopped?: { rows: number; ms: number };
  };
  if (said.notice !== undefined) return { kind: "notice", text: said.notice };
  if (said.columns !== undefined) return { kind: "columns", columns: said.columns };
  if (said.error !== undefined) return { kind: "error", text: said.error.text };
  if (said.stopped !== undefined) return { kind: "stopped", ...said.stopped };
  return said.end === undefined ? null : { kind: "end", ...said.end };
}

/** The command that gives the same in a shell. */
export async function commandOf(args: readonly string[], signal: AbortSignal): Promise<string> {
  const response = await post("/api/command", args, signal);
  return ((await response.json()) as { command: string }).command;
}

export async function session(): Promise<Session> {
  return (await (await checked(fetch("/api/session"))).json()) as Session;
}

function post(path: string, args: readonly string[], signal: AbortSignal): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return checked(fetch(path, { method: "POST", headers, body: JSON.stringify({ args }), signal }));
}

async function checked(request: Promise<Response>): Promise<Response> {
  let response: Response;
  try {
    response = await request;
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new Error("logq ui does not answer: start it again, and open the address that it prints", { cause: error });
  }
  if (!response.ok) throw new Error((await response.text()).trim() || `logq ui answered ${response.status}`);
  return response;
}

/**
 * Reads a response piece by piece, into one buffer where the browser can: a million rows in buffers of their own would be a
 * burden to collect. A piece holds until the next is asked for; null is the end.
 */
function readerOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): () => Promise<Uint8Array | null> {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    const plain = body.getReader();
    return async () => (await plain.read()).value ?? null;
  }
  let buffer = new Uint8Array(CHUNK_BYTES);
  return async () => {
    const { value, done } = await reader.read(buffer);
    if (value !== undefined) buffer = new Uint8Array(value.buffer);
    return done ? null : value;
  };
}

/** Lets the browser draw and take input; a promise alone would not. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}
