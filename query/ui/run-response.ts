/**
 * Answers by what `logq` would print: `runCli` in process, its stdout the body of the response. A line that starts with
 * `{` is a row, byte for byte one of `-o ndjson`; lines that start with `#` are ours:
 *
 *   #{"notice":"…"}            what logq says on stderr, as it says it
 *   #{"columns":["ts",…]}      before the first row
 *   #{"error":{"text":"…"}}    instead of the end: the message of the command line, carets and all
 *   #{"end":{"rows":1,"ms":2}} the last line of a result that is whole
 *   #{"stopped":{"rows":1,"ms":2}} of one that was stopped
 */
import type { ServerResponse } from "node:http";
import { Readable, Writable } from "node:stream";
import { runCli } from "../cli.ts";
import type { CliIo } from "../cli-io.ts";

/** What a run takes of the program's own surroundings. */
export type RunIo = Pick<CliIo, "env" | "cwd" | "now" | "openEngine">;

export interface RunSignals {
  /** Aborted when nobody waits for the response any more: nothing is said. */
  readonly gone: AbortSignal;
  /** Aborted to stop the run as Ctrl-C does: what that says still comes. */
  readonly stopped: AbortSignal;
}

/** Runs the command line into the response until it ends, is stopped or nobody reads any more. */
export async function runInto(
  response: ServerResponse,
  argv: readonly string[],
  io: RunIo,
  { gone, stopped }: RunSignals,
): Promise<void> {
  const signal = AbortSignal.any([gone, stopped]);
  const startMs = performance.now();
  const say = (line: object): void => {
    if (response.writable) response.write(`#${JSON.stringify(line)}\n`);
  };
  let rows = 0;
  let failure = null as string | null;
  await runCli(argv, {
    ...io,
    stdin: Object.assign(Readable.from([]), { isTTY: true }),
    stdout: rowsInto(response, (count) => (rows += count)),
    stderr: textInto((text) => say({ notice: text.replace(/^logq: /, "").trimEnd() })),
    signal,
    onColumns: (columns) => say({ columns: columns.map(({ name }) => name) }),
    onFailure: (text) => (failure = text),
  });
  if (gone.aborted) {
    response.destroy();
    return;
  }
  const effort = { rows, ms: Math.round(performance.now() - startMs) };
  if (stopped.aborted) say({ stopped: effort });
  else say(failure === null ? { end: effort } : { error: { text: failure.trimEnd() } });
  response.end();
}

/** Takes no more than the client does: a write is done when the response wants another. */
function rowsInto(response: ServerResponse, count: (rows: number) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _, done) {
      const text = String(chunk);
      count(linesIn(text));
      if (text === "" || response.write(text)) return done();
      const go = (): void => {
        response.off("drain", go).off("close", go);
        done(response.destroyed ? Object.assign(new Error("the client is gone"), { code: "EPIPE" }) : null);
      };
      response.on("drain", go).on("close", go);
    },
  });
}

/** JSON has no line break inside of a text. */
function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

function textInto(take: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _, done) {
      take(String(chunk));
      done();
    },
  });
}
