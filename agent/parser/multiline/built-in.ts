import type { BuiltInMultiline } from "../../../config/multiline.ts";

/** A rule of a state machine over lines: in one of the states `from`, a line that `regex` matches leads to the state `to`. */
export interface Rule {
  readonly from: readonly string[];
  readonly regex: RegExp;
  readonly to: string;
  /** A line that matches has one of these texts somewhere: looked for in bytes, before anything else. */
  readonly contains?: readonly string[];
  /** The first byte of a line that matches is one of these; `empty`: or there is none. */
  readonly first?: string;
  /** A line that matches has this. Instead of `first`, where more than one byte must be looked at. */
  may?(bytes: Uint8Array, from: number, to: number): boolean;
  readonly empty?: true;
}

/**
 * The rules of Fluent Bit's parsers of the same names (src/multiline/flb_ml_parser_*.c, 5.1), which are those of
 * fluent-plugin-detect-exceptions. Texts are matched as latin1, so that blanks are written out: `\s` would take a byte of
 * a UTF-8 character for one.
 */
export const BUILT_IN_RULES: Readonly<Record<BuiltInMultiline, readonly Rule[]>> = {
  /** A line that names an Exception, Error or Throwable, then its frames, causes and omissions; .NET's and V8's are alike. */
  java: [
    {
      from: ["start_state", "java_start_exception"],
      regex: /.(?:Exception|Error|Throwable|V8 errors stack trace)[:\r\n]/,
      to: "java_after_exception",
      contains: ["Exception", "Error", "Throwable", "V8 errors stack trace"],
    },
    // Ends the record: the exception that is nested begins another one.
    rule("java_after_exception", /^[\t ]*nested exception is:[\t ]*/, "java_start_exception", "\t n"),
    { ...rule("java_after_exception", /^[\r\n]*$/, "java_after_exception", "\r\n"), empty: true },
    rule("java_after_exception, java", /^[\t ]+(?:eval )?at /, "java", "\t "),
    rule("java_after_exception, java", /^[\t ]+--- End of inner exception stack trace ---$/, "java", "\t "),
    rule(
      "java_after_exception, java",
      /^--- End of stack trace from previous location where exception was thrown ---$/,
      "java",
      "-",
    ),
    rule("java_after_exception, java", /^[\t ]*(?:Caused by|Suppressed):/, "java_after_exception", "\t CS"),
    // Any three characters, as in Fluent Bit.
    {
      ...rule("java_after_exception, java", /^[\t ]*... \d+ (?:more|common frames omitted)/, "java"),
      may: hasNumberAfterThree,
    },
  ],
  /**
   * A traceback with pairs of a File line and a line of code, up to the line that names the exception. Ours, because
   * Python has written them since these rules were: marks below the code (3.11), a File line without code, and what
   * tells of repeated frames. Fluent Bit ends a record there.
   */
  python: [
    rule("start_state", /^Traceback \(most recent call last\):$/, "python", "T"),
    rule("python", /^[\t ]+File /, "python_code", "\t "),
    rule("python_code", /^[\t ]+File "[^"]*", line \d+/, "python_code", "\t "),
    rule("python_code", /[^\t ]/, "python"),
    rule("python", /^[\t ]+[~^][~^\t ]*$/, "python", "\t "),
    rule("python", /^[\t ]+\[Previous line repeated \d+ more times?\]$/, "python", "\t "),
    // Ends the record.
    rule("python", /^(?:[^ \t\n\v\f\r.():]+\.)*[^ \t\n\v\f\r.():]+:/, "start_state"),
  ],
  /** A panic, or net/http's line about one, then goroutines with pairs of a call and its place. */
  go: [
    { from: ["start_state"], regex: /\bpanic: /, to: "go_after_panic", contains: ["panic"] },
    { from: ["start_state"], regex: /http: panic serving/, to: "go_goroutine", contains: ["panic"] },
    { ...rule("go_after_panic, go_after_signal, go_frame_1", /^$/, "go_goroutine", ""), empty: true },
    rule("go_after_panic", /^\[signal /, "go_after_signal", "["),
    rule("go_goroutine", /^goroutine \d+ \[[^\]]+\]:$/, "go_frame_1", "g"),
    {
      ...rule("go_frame_1", /^(?:[^ \t\n\v\f\r.:]+\.)*[^ \t\n\v\f\r.():]+\(|^created by /, "go_frame_2"),
      contains: ["(", "created by "],
    },
    rule("go_frame_2", /^[ \t\n\v\f\r]/, "go_frame_1", " \t\n\v\f\r"),
  ],
  /** A line with a place and `in`, then lines that begin with `from`. */
  ruby: [
    {
      from: ["start_state", "ruby_start_exception"],
      regex: /^.+:\d+:in[ \t\n\v\f\r]+/,
      to: "ruby_after_exception",
      contains: [":in"],
    },
    rule("ruby_after_exception, ruby", /^[ \t\n\v\f\r]+from[ \t\n\v\f\r]+.*:\d+:in[ \t\n\v\f\r]+/, "ruby", " \t"),
  ],
};

function rule(from: string, regex: RegExp, to: string, first?: string): Rule {
  return { from: from.split(", "), regex, to, ...(first !== undefined && { first }) };
}

/** Three bytes after some of the blanks at its start, then a blank and a digit. */
function hasNumberAfterThree(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at + 4 < to; at++) {
    const digit = bytes[at + 4]! - 48;
    if (bytes[at + 3] === 32 && digit >= 0 && digit <= 9) return true;
    if (bytes[at] !== 32 && bytes[at] !== 9) return false;
  }
  return false;
}
