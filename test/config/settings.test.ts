import { describe, expect, test } from "vitest";

import type { OptionGroup } from "../../config/option.ts";
import type { Findings } from "../../config/problem.ts";
import { textsNamed, type RawEntry, type RawSection } from "../../config/raw.ts";
import { readSettings } from "../../config/settings.ts";

const GROUP = {
  doc: "For these tests.",
  options: {
    regex: { type: "texts", default: "", origin: "fluent-bit", doc: "Repeated." },
    exclude: { type: "texts", default: "", origin: "fluent-bit", doc: "Repeated as well." },
    mode: { type: "string", default: null, origin: "fluent-bit", doc: "Said once." },
  },
  ignored: {},
  later: {},
} as const satisfies OptionGroup;

describe("an option that may be repeated", () => {
  test("holds each of its texts, which are not split at commas", () => {
    const { settings, found } = read(entry("regex", "log a,b"), entry("regex", ["log c", "log d"]));
    expect(settings).toEqual({ regex: ["log a,b", "log c", "log d"], exclude: [], mode: null });
    expect(found.problems).toEqual([]);
  });

  test("keeps its place among others of its kind", () => {
    const section = sectionOf(
      entry("regex", "a"),
      entry("mode", "x"),
      entry("exclude", ["b", "c"]),
      entry("regex", "d"),
    );
    const texts = textsNamed(section, ["regex", "exclude"]).map(({ name, text }) => [name, text]);
    expect(texts).toEqual([
      ["regex", "a"],
      ["exclude", "b"],
      ["exclude", "c"],
      ["regex", "d"],
    ]);
  });

  test.each([
    ["", "has no value; give it one, or remove it"],
    [[], "has no value; give it one, or remove it"],
    [null, "write one text, or a list of them"],
  ])("with the value %j is refused", (value, message) => {
    expect(read(entry("regex", value)).found.problems).toEqual([`a.conf:1:1: filters[0].regex: ${message}`]);
  });
});

test("another option that is repeated is refused", () => {
  expect(read(entry("mode", "a"), entry("mode", "b")).found.problems).toEqual([
    "a.conf:1:1: filters[0].mode: set twice, first in a.conf:1; remove one",
  ]);
});

const PLACE = { file: "a.conf", line: 1, column: 1 };

function entry(name: string, value: RawEntry["value"]): RawEntry {
  return { name, keyPath: `filters[0].${name}`, place: PLACE, valuePlace: PLACE, value, sections: null };
}

function sectionOf(...entries: RawEntry[]): RawSection {
  return { keyPath: "filters[0]", place: PLACE, entries };
}

function read(...entries: RawEntry[]): { settings: unknown; found: Findings } {
  const found: Findings = { problems: [], notices: [] };
  return { settings: readSettings(GROUP, "filter test", sectionOf(...entries), found), found };
}
