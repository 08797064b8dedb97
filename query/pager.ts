/** A result that is longer than the terminal goes through `$PAGER`, as psql's and git's do. */
import type { Writable } from "node:stream";
import type { CliIo } from "./cli-io.ts";
import { openOutput, type Output } from "./output.ts";

/** A pager that runs. */
export interface Pager {
  readonly stdin: Writable;
  /** Resolves when the user has left it. */
  readonly ended: Promise<void>;
}

/** What is run if $PAGER is not set: stays on the screen, leaves colours alone. Without less its text is lost: so cat. */
const DEFAULT_PAGER = "less -RFX 2>/dev/null || cat";
const ROWS_IF_UNKNOWN = 24;

/**
 * Output that starts the pager once there is more than a screen of it. What fits is written at `flush`. Without a
 * terminal, or with `PAGER=cat` or `PAGER=` (nothing), it is `out` itself.
 */
export function pagedOutput(out: Output, io: CliIo): Output {
  const command = io.env["PAGER"] ?? DEFAULT_PAGER;
  if (io.stdout.isTTY !== true || io.openPager === undefined || ["", "cat"].includes(command.trim())) return out;
  const { openPager } = io;
  const columns = io.stdout.columns ?? 80;
  // The line of the shell's prompt is one of the screen's.
  const linesMax = (io.stdout.rows ?? ROWS_IF_UNKNOWN) - 1;
  const closed = new AbortController();
  out.closed.addEventListener("abort", () => closed.abort());
  let held = "";
  let lines = 0;
  let paged: { readonly output: Output; readonly pager: Pager } | null = null;
  const start = (): { output: Output; pager: Pager } => {
    const pager = openPager(command);
    const output = openOutput(pager.stdin);
    output.closed.addEventListener("abort", () => closed.abort());
    return { pager, output };
  };
  return {
    closed: closed.signal,
    async write(text) {
      if (paged !== null) return await paged.output.write(text);
      held += text;
      lines += screenLines(text, columns);
      if (lines <= linesMax) return;
      paged = start();
      await paged.output.write(held);
      held = "";
    },
    async flush() {
      if (paged === null) {
        await out.write(held);
        held = "";
        return await out.flush();
      }
      await paged.output.flush();
      paged.pager.stdin.end();
      await paged.pager.ended;
      paged = null;
      lines = 0;
    },
  };
}

/** Lines of a terminal that a text takes; escape sequences and wide characters count a little too much. */
function screenLines(text: string, columns: number): number {
  const [last = "", ...others] = text.split("\n").toReversed();
  const wrapped = others.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
  return wrapped + Math.floor(last.length / columns);
}
