/** Where something stands in a configuration: the file as the user named it, and 1-based line and column. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a configuration, all of it, one line each: `file:line:column: key.path: message`. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** Collects problems (they stop the start) and notices (they do not) in the order in which they are found. */
export interface Findings {
  readonly problems: string[];
  readonly notices: string[];
}

/** `file:line:column: key.path: message`; the key path is left out where it is empty (the file as a whole). */
export function describe(place: Place, keyPath: string, message: string): string {
  const at = `${place.file}:${place.line}:${place.column}`;
  return keyPath === "" ? `${at}: ${message}` : `${at}: ${keyPath}: ${message}`;
}
