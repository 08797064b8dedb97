/**
 * The language in which the files of config/ define the options. Defaults and limits are texts as a user would write
 * them, read by the same parsers, so that the docs show what the file takes.
 */
export interface Option {
  /** `list` is split at commas; `texts` is not, and may be repeated (`textsNamed` of raw.ts gives several in their order). */
  readonly type: "string" | "boolean" | "integer" | "size" | "duration" | "list" | "texts" | "enum";
  /** Taken when the file says nothing; null: then there is no value. */
  readonly default: string | null;
  /** Whether the start stops if the file says nothing. */
  readonly required?: true;
  /** Whose word it is: Fluent Bit's (same name, same meaning) or ours. */
  readonly origin: "fluent-bit" | "ours";
  /** For enum: every value, lower-case. */
  readonly values?: readonly string[];
  /** For enum: other spellings that Fluent Bit takes. */
  readonly synonyms?: Readonly<Record<string, string>>;
  /** Values that Fluent Bit or the design knows and this version does not. */
  readonly valuesLater?: readonly string[];
  /** For integer, size and duration: the least and the most, inclusive. */
  readonly min?: string;
  readonly max?: string;
  /** One sentence. */
  readonly doc: string;
}

/** The options of one plugin, or of `service`. Names are lower-case; the file's are compared without case. */
export interface OptionGroup {
  /** One sentence. */
  readonly doc: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Options of Fluent Bit that have no effect here, and why: accepted with one notice each. A trailing `*` means all that begin so. */
  readonly ignored: Readonly<Record<string, string>>;
  /** Options known in Fluent Bit or in the design that this version refuses (unless they say `off`), and what to do instead (may be empty). */
  readonly later: Readonly<Record<string, string>>;
}

/** What a group's options hold after loading: sizes in bytes, durations in milliseconds, null where nothing was said. */
export type Settings<Group extends OptionGroup> = {
  readonly [Name in keyof Group["options"]]: SettingOf<Group["options"][Name]>;
};

type SettingOf<Spec extends Option> = ValueOf<Spec> | (Spec extends { default: null; required?: never } ? null : never);

type ValueOf<Spec extends Option> = Spec extends { type: "boolean" }
  ? boolean
  : Spec extends { type: "integer" | "size" | "duration" }
    ? number
    : Spec extends { type: "list" | "texts" }
      ? readonly string[]
      : Spec extends { type: "enum"; values: readonly (infer Value)[] }
        ? Value
        : string;
