import { createPattern } from "../../config/onigmo.ts";
import { emptyRecord } from "../record.ts";
import type { FieldReader } from "./parser.ts";

/** Named groups as fields; an expression without any group reads nothing, as in Fluent Bit. Empty groups are left out, or are empty texts. */
export function createRegexReader(regex: string, skipEmpty: boolean): FieldReader {
  const pattern = createPattern(regex);
  const { groups } = pattern;
  return (text) => {
    if (groups.length === 0) return null;
    const found = pattern.groupsOf(text);
    if (found === null) return null;
    const fields = emptyRecord();
    for (let i = 0; i < groups.length; i++) {
      const name = groups[i];
      const value = found[i] ?? "";
      if (name === null || name === undefined || (value === "" && skipEmpty)) continue;
      // A name may be that of several groups: an empty one does not undo what another found.
      if (value !== "" || fields[name] === undefined) fields[name] = value;
    }
    return fields;
  };
}
