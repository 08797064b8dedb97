/** How lines of one stream are joined to records: parsers that are tried in their order (Fluent Bit's `multiline.parser`). */
export interface MultilineConfig {
  readonly parsers: readonly (BuiltInMultiline | MultilineParserConfig)[];
  /** A record that nothing has continued for so long is complete. */
  readonly flushTimeoutMs: number;
}

export const BUILT_IN_MULTILINE = ["java", "python", "go", "ruby"] as const;
export type BuiltInMultiline = (typeof BUILT_IN_MULTILINE)[number];

/** Fluent Bit's default of `flush_timeout`. */
export const FLUSH_TIMEOUT_MS = 4000;

/** A parser of the user's own (`multiline_parsers`, `[MULTILINE_PARSER]`). */
export type MultilineParserConfig = {
  readonly name: string;
  readonly flushTimeoutMs: number;
} & (
  | { readonly type: "regex"; readonly rules: readonly MultilineRule[] }
  | {
      /** A record ends with the line that ends with, or equals, the text (`negate`: that does not). */
      readonly type: "endswith" | "equal";
      readonly matchString: string;
      readonly negate: boolean;
      /** What stands between the lines of a record: nothing where a key names the content, as in Fluent Bit. */
      readonly separator: "\n" | "";
    }
);

/** In one of the states `from`, a line that the pattern matches belongs to the record, and `to` is the state after it. */
export interface MultilineRule {
  readonly from: readonly string[];
  /** As it is written in the file, perhaps in slashes. */
  readonly regex: string;
  readonly to: string;
}
