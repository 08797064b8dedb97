import { describe, expect, test } from "vitest";

import { findParser, parserNameProblem } from "../../config/parsers.ts";
import { renderConfig } from "../../config/render.ts";
import { BASE, load } from "./fixture.ts";

const withParser = (...lines: readonly string[]): string =>
  `${BASE}parsers:\n  - name: Mine\n${lines.map((line) => `    ${line}\n`).join("")}`;

describe("a parser of the configuration's own", () => {
  test("has Fluent Bit's defaults", () => {
    const { config, problems, notices } = load(withParser("format: json"));
    expect({ problems, notices }).toEqual({ problems: [], notices: [] });
    expect(config?.parsers).toEqual([
      {
        name: "Mine",
        format: "json",
        regex: null,
        timeKey: "time",
        timeFormat: null,
        timeOffsetSeconds: 0,
        timeZone: null,
        timeKeep: false,
        timeStrict: true,
        types: [],
        skipEmptyValues: true,
        noBareKeys: false,
        decoders: [],
      },
    ]);
  });

  const FULL = withParser(
    "format: regex",
    "regex: '^(?<at>[^ ]+) (?<n>\\d+)$'",
    "time_key: at",
    "time_format: '%Y-%m-%dT%H:%M:%S.%L'",
    "time_offset: '-0330'",
    "time_keep: on",
    "time_strict: off",
    "types: n:integer at:string",
    "skip_empty_values: off",
    "logfmt_no_bare_keys: on",
    "decode_field: json at",
    "decode_field_as: [escaped at do_next, json at try_next]",
  );

  test("is read whole", () => {
    expect(load(FULL).config?.parsers[0]).toMatchObject({
      regex: "^(?<at>[^ ]+) (?<n>\\d+)$",
      timeKey: "at",
      timeOffsetSeconds: -12_600,
      timeKeep: true,
      timeStrict: false,
      types: [
        { key: "n", type: "integer" },
        { key: "at", type: "string" },
      ],
      skipEmptyValues: false,
      noBareKeys: true,
      decoders: [
        { field: "at", decoder: "json", inPlace: false, next: "stop" },
        { field: "at", decoder: "escaped", inPlace: true, next: "do_next" },
        { field: "at", decoder: "json", inPlace: true, next: "try_next" },
      ],
    });
  });

  test("is shown so that it is read to the same effect", () => {
    const { config } = load(FULL);
    expect(load(renderConfig(config!)).config?.parsers).toEqual(config?.parsers);
  });

  test("a type that Fluent Bit would take for text is said", () => {
    const { config, notices } = load(withParser("format: logfmt", "types: a:integer,b:integer"));
    expect(config?.parsers[0]?.types).toEqual([{ key: "a", type: "string" }]);
    expect(notices).toEqual([
      "agent.yaml:15:12: parsers[0].types: integer,b:integer is no type, so a stays text; known: string, integer, float, bool, hex, with blanks between the fields",
    ]);
  });

  test.each<[sentence: string, text: string, problem: string]>([
    [
      "without a name",
      `${BASE}parsers:\n  - format: json\n`,
      "agent.yaml:13:5: parsers[0]: has no name; add name: and the parser's name",
    ],
    [
      "without a format",
      withParser("time_key: a"),
      "agent.yaml:13:5: parsers[0]: parser Mine needs format: form of the text.",
    ],
    [
      "with a format that is not known",
      withParser("format: jsn"),
      'agent.yaml:14:13: parsers[0].format: unknown value "jsn"; did you mean "json"?',
    ],
    ["without its regex", withParser("format: regex"), "agent.yaml:13:5: parsers[0]: parser Mine needs regex"],
    [
      "with a broken regex",
      withParser("format: regex", "regex: (a"),
      "agent.yaml:15:12: parsers[0].regex: the pattern has a ( without a )",
    ],
    [
      "with a time format that is not known",
      withParser("format: json", "time_format: '%Q'"),
      "agent.yaml:15:18: parsers[0].time_format: %Q is no conversion of strptime that is known here",
    ],
    [
      "with an offset that is none",
      withParser("format: json", "time_offset: x"),
      "agent.yaml:15:18: parsers[0].time_offset: x is no offset; write +hhmm or -hhmm",
    ],
    [
      "with a zone that is not known",
      withParser("format: json", "time_zone: Mars/Olympus"),
      "agent.yaml:15:16: parsers[0].time_zone: Mars/Olympus is no zone of the IANA database",
    ],
    [
      "with a zone and an offset",
      withParser("format: json", "time_zone: Europe/Berlin", "time_offset: '+0100'"),
      "agent.yaml:15:16: parsers[0].time_zone: and time_offset are both set; remove one",
    ],
    [
      "with a decoder that is not known",
      withParser("format: json", "decode_field_as: xml log"),
      "agent.yaml:15:22: parsers[0].decode_field_as: xml log is no decoder and a field; decoders: json, escaped, escaped_utf8, mysql_quoted",
    ],
    [
      "that adds the fields of a text",
      withParser("format: json", "decode_field: escaped log"),
      "agent.yaml:15:19: parsers[0].decode_field: escaped gives no fields to add; write decode_field_as",
    ],
    [
      "whose name is taken",
      `${withParser("format: json")}  - name: Mine\n    format: ltsv\n`,
      "agent.yaml:15:5: parsers[1]: parser Mine is defined twice, first in FOLDER/agent.yaml:13; remove one",
    ],
  ])("%s is refused", (_, text, problem) => {
    expect(load(text).problems).toEqual([problem.replace("FOLDER/", "")]);
  });
});

describe("a parser's name", () => {
  test("means the configuration's own before one that is built in", () => {
    const { config } = load(withParser("format: json").replace("Mine", "nginx"));
    expect(findParser("nginx", config!.parsers)?.format).toBe("json");
    expect(findParser("nginx", [])?.format).toBe("regex");
    expect(findParser("nope", [])).toBeNull();
  });

  test("that is not known is told with the nearest that is", () => {
    expect(parserNameProblem("apache", [])).toBeNull();
    expect(parserNameProblem("ngnix", [])).toBe('no parser "ngnix"; did you mean "nginx"?');
    expect(parserNameProblem("zzzzzzzz", [])).toBe(
      'no parser "zzzzzzzz"; define it in a section [PARSER], or under parsers',
    );
  });
});
