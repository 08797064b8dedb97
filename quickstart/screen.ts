import type { WriteStream } from "node:tty";

/** Where the quickstart writes: a terminal with one line that updates, or a plain stream. */
export interface Screen {
  readonly isTerminal: boolean;
  print(text: string): void;
  heading(text: string): void;
  /** A command line as the user could type it. */
  command(text: string): void;
  /** What is going on: on a terminal in place of the last status, else a line of its own every few seconds. */
  status(text: string): void;
  /** Keeps the last status and goes on below it. */
  end(): void;
}

/** A plain stream gets a status line this often. */
const PLAIN_STATUS_MS = 2000;

export function createScreen(stream: WriteStream | NodeJS.WritableStream): Screen {
  const isTerminal = "isTTY" in stream && stream.isTTY;
  const colored = isTerminal && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
  const paint = (code: number, text: string): string => (colored ? `\x1b[${code}m${text}\x1b[0m` : text);
  let last = "";
  let shown = "";
  let shownAtMs = -Infinity;
  const end = (): void => {
    if (isTerminal && last !== "") stream.write("\n");
    if (!isTerminal && last !== shown) stream.write(`${last}\n`);
    last = "";
    shown = "";
  };
  return {
    isTerminal,
    print(text) {
      end();
      stream.write(`${text}\n`);
    },
    heading(text) {
      end();
      stream.write(`\n${paint(1, text)}\n`);
    },
    command(text) {
      end();
      stream.write(`\n${paint(2, "$")} ${paint(36, text)}\n`);
    },
    status(text) {
      last = text;
      if (isTerminal) stream.write(`\r\x1b[2K${fit(text, stream.columns)}`);
      else if (performance.now() - shownAtMs >= PLAIN_STATUS_MS) {
        stream.write(`${text}\n`);
        shown = text;
        shownAtMs = performance.now();
      }
    },
    end,
  };
}

/** A line that wraps could not be updated. */
function fit(text: string, columns: number | undefined): string {
  return columns !== undefined && columns > 1 && text.length >= columns ? `${text.slice(0, columns - 2)}…` : text;
}
