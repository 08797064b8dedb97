import type { Writable } from "node:stream";
import type { Context } from "./context.ts";
import type { Engine, EngineName, ResultColumn } from "./engine/engine.ts";
import type { Output } from "./output.ts";
import type { Pager } from "./pager.ts";
import type { QuerySource } from "./query-text.ts";

/** Everything that the program touches, so that tests run it in process. */
export interface CliIo {
  readonly stdin: QuerySource["stdin"];
  readonly stdout: Writable & {
    readonly isTTY?: boolean | undefined;
    readonly columns?: number;
    readonly rows?: number;
  };
  /** Aborted when nobody reads stdout any more, where that is known before something is written. */
  readonly readerGone?: AbortSignal;
  readonly stderr: Writable & { readonly isTTY?: boolean | undefined };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Nanoseconds since 1970. */
  now(): bigint;
  /** Aborted to interrupt (Ctrl-C). */
  readonly signal: AbortSignal;
  /** Loads the engine; called only when a query runs. */
  readonly openEngine: (name: EngineName, setup: EngineSetup) => Promise<Engine>;
  /** Starts a pager on the terminal by the shell's command; absent where there is none. */
  readonly openPager?: (command: string) => Pager;
  /** Opens a link in the user's browser, if there is one. */
  readonly openBrowser?: (url: string) => void;
  /** Told the columns of a result before its first row, by whoever shows rows. */
  readonly onColumns?: (columns: readonly ResultColumn[]) => void;
  /** Told what ends the program, in place of stderr. */
  readonly onFailure?: (text: string) => void;
}

export interface EngineSetup {
  readonly context: Context;
  readonly env: CliIo["env"];
  /** The query is stopped once it has scanned more; null for no limit. */
  readonly scanBytesMax: number | null;
  /** The result of the same text may be as old as this; null for none. */
  readonly reuseMinutes: number | null;
  /** Tells the user what is worth knowing and no failure. */
  readonly notice: (message: string) => void;
}

/** What a command gets: stdout by `out` alone, which knows of back-pressure and of readers that went away. */
export interface CommandIo extends CliIo {
  readonly out: Output;
}
