/** Exit codes of `logq` (design: sysexits are not used, kubectl and grep habits are). */
export const EXIT = { ok: 0, noRows: 1, usage: 2, guard: 3, backend: 4, throttled: 5, interrupted: 130 } as const;

/** A mistake or failure that ends the program with one message, what to do about it, and an exit code of EXIT. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;
  /** What to do: one or more lines, or null. */
  readonly hint: string | null;
  constructor(message: string, hint: string | null = null, exitCode: number = EXIT.usage) {
    super(message);
    this.hint = hint;
    this.exitCode = exitCode;
  }
}
