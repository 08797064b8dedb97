import { describe, expect, test } from "vitest";

import { load } from "./fixture.ts";

/** A configuration without fault or notice; the tests name its lines. */
const CLASSIC = `[SERVICE]
    cluster  prod

[INPUT]
    Name     tail
    Tag      kube.*
    Path     /var/log/containers/*.log

[OUTPUT]
    Name     directory
    Match    *
    Path     /srv/store
`;

function edited(from: string, to: string): string {
  if (!CLASSIC.includes(from)) throw new Error(`CLASSIC has no ${from}`);
  return CLASSIC.replace(from, () => to);
}

function loadClassic(files: string | Readonly<Record<string, string>>, env: Record<string, string> = {}) {
  return load(files, { NODE_NAME: "n", ...env }, "fluent-bit.conf");
}

function input(tag: string): string {
  return `[INPUT]\n  name tail\n  tag ${tag}\n  path /${tag}\n`;
}

function service(name: string, value: string): string {
  return `[SERVICE]\n  ${name} ${value}\n`;
}

describe("the classic format", () => {
  test("means the same as YAML", () => {
    const yaml = `service: {cluster: prod}
pipeline:
  inputs: [{name: tail, tag: kube.*, path: /var/log/containers/*.log}]
  outputs: [{name: directory, match: '*', path: /srv/store}]
`;
    const classic = loadClassic(CLASSIC);
    expect(classic).toEqual({ config: load(yaml, { NODE_NAME: "n" }).config, problems: [], notices: [] });
  });

  test("is told by its first line, whatever the file is called", () => {
    expect(load(`# ours\n\n${CLASSIC}`, { NODE_NAME: "n" })).toEqual(loadClassic(CLASSIC));
  });

  test("may be mixed with YAML, file by file", () => {
    const { config, problems } = loadClassic({
      "fluent-bit.conf": "@INCLUDE more.yaml\n" + CLASSIC,
      "more.yaml": "includes: [host.conf]\n",
      "host.conf": "[INPUT]\n  name tail\n  tag host\n  path /h\n",
    });
    expect(problems).toEqual([]);
    expect(config?.inputs.map(({ tag }) => tag)).toEqual(["host", "kube.*"]);
  });

  test("takes names in any case, blanks and tabs between, and Windows' line ends", () => {
    const text = "[Input]\r\n\tNAME\ttail\r\n\tpath   /a, /b  \r\n[output]\r\n\tname stdout\r\n";
    const { config, problems } = loadClassic(text);
    expect(problems).toEqual([]);
    expect(config).toMatchObject({ inputs: [{ path: ["/a", "/b"] }], outputs: [{ plugin: "stdout" }] });
  });

  test("reads a value to the end of its line, # and quotes included", () => {
    expect(loadClassic(edited("prod", "a #b 'c' ")).config?.service.cluster).toBe("a #b 'c'");
  });

  test("skips comments and empty lines, however they are indented", () => {
    const text = edited("    Tag ", "# one\n  # two\n      # three\n   \n\n    Tag ");
    expect(loadClassic(text)).toEqual(loadClassic(CLASSIC));
  });

  test("goes on in a section below a command, as Fluent Bit does", () => {
    const { config, problems } = loadClassic({
      "fluent-bit.conf": CLASSIC.replace("    Tag ", "@INCLUDE a.conf\n    Tag "),
      "a.conf": "[INPUT]\n  Name tail\n  Tag below\n  Path /a\n[SERVICE]\n  grace 9\n",
    });
    expect(problems).toEqual([]);
    expect(config?.inputs.map(({ tag }) => tag)).toEqual(["kube.*", "below"]);
    expect(config?.service).toMatchObject({ cluster: "prod", graceMs: 9_000 });
  });
});

describe("@SET and ${NAME}", () => {
  test("a variable of @SET comes before the environment's", () => {
    const text = "@SET A=own ${B} # all of it\n" + edited("prod", "${A}");
    expect(loadClassic(text, { A: "x", B: "y" }).config?.service.cluster).toBe("own y # all of it");
  });

  test("a default stands for a variable that is not set, or empty", () => {
    expect(loadClassic(edited("prod", "a${A:-x}b${B:-y}${C:-z}"), { B: "", C: "c" }).config?.service.cluster).toBe(
      "axbyc",
    );
  });

  test("an option of variables that are not set is left out, with a notice", () => {
    const { config, notices } = loadClassic(edited("prod", "${A}${B}"));
    expect(config?.service.cluster).toBe("default");
    expect(notices).toEqual([
      "fluent-bit.conf:2:14: SERVICE.cluster: environment variable A is not set, replaced by nothing",
      "fluent-bit.conf:2:14: SERVICE.cluster: environment variable B is not set, replaced by nothing",
    ]);
  });

  test("an option that must be said is missed then", () => {
    expect(loadClassic(edited("/srv/store", "${A}")).problems).toEqual([
      "fluent-bit.conf:9:1: OUTPUT[0]: output directory needs path: the folder, which will hold `cluster=…/dt=…/hour=…`; made if missing.",
    ]);
  });
});

describe("@INCLUDE", () => {
  test("takes the place of the file's sections, patterns in order of their names", () => {
    const { config, problems } = loadClassic({
      "fluent-bit.conf": "@include conf.d/*.conf\n" + CLASSIC + "@INCLUDE last.conf\n",
      "conf.d/2.conf": input("two"),
      "conf.d/1.conf": input("one"),
      "last.conf": input("last"),
    });
    expect(problems).toEqual([]);
    expect(config?.inputs.map(({ tag }) => tag)).toEqual(["one", "two", "kube.*", "last"]);
  });

  test("is relative to the main file, else to the file that includes", () => {
    const { config, problems } = loadClassic({
      "fluent-bit.conf": "@INCLUDE sub/a.conf\n" + CLASSIC,
      "sub/a.conf": "@INCLUDE b.conf\n@INCLUDE c.conf\n",
      "b.conf": service("grace", "9"),
      "sub/b.conf": service("grace", "8"),
      "sub/c.conf": service("hostname", "h"),
    });
    expect(problems).toEqual([]);
    expect(config?.service).toMatchObject({ graceMs: 9_000, node: "h" });
  });
});

describe("parsers_file", () => {
  const PARSERS = "[PARSER]\n  Name Mine\n  Format json\n";

  test("is read in either format, relative to the main file, several times", () => {
    const { config, problems, notices } = loadClassic({
      "fluent-bit.conf": edited("cluster  prod", "Parsers_File a.conf\n    Parsers_File sub/b.yaml"),
      "a.conf": PARSERS,
      "sub/b.yaml": "parsers: [{name: docker, format: json}]\n",
    });
    expect(problems).toEqual([]);
    expect(notices).toEqual([]);
    expect(config?.parsers.map(({ name }) => name)).toEqual(["Mine", "docker"]);
  });

  test("holds parsers alone", () => {
    const text = edited("cluster  prod", "Parsers_File a");
    expect(
      loadClassic({ "fluent-bit.conf": text, a: PARSERS + "[OUTPUT]\n  name stdout\n  match x\n" }).problems,
    ).toEqual(["a:4:1: OUTPUT: does not belong into a file of parsers; write it in the main file"]);
    expect(loadClassic({ "fluent-bit.conf": text, a: "service: {grace: 5}\n" }).problems).toEqual([
      "a:1:1: service: does not belong into a file of parsers; write it in the main file",
    ]);
  });

  test("that is not there is refused, but the one that Fluent Bit's image has", () => {
    expect(loadClassic(edited("cluster  prod", "Parsers_File x.conf")).problems).toEqual([
      "fluent-bit.conf:2:18: SERVICE.Parsers_File: cannot read x.conf: ENOENT: no such file or directory",
    ]);
    const { problems, notices } = loadClassic(edited("cluster  prod", "Parsers_File /fluent-bit/etc/parsers.conf"));
    expect(problems).toEqual([]);
    expect(notices).toEqual([
      "fluent-bit.conf:2:18: SERVICE.Parsers_File: /fluent-bit/etc/parsers.conf is not there; if it is the one of Fluent Bit's image, its parsers are built in",
    ]);
  });
});

describe("a broken classic file is refused, with file, line, column and key path:", () => {
  test.each<[sentence: string, text: string, problem: string]>([
    [
      "a misspelt section",
      edited("[INPUT]", "[INPT]"),
      'fluent-bit.conf:4:1: [INPT]: unknown section; did you mean "[INPUT]"?',
    ],
    [
      "a section unlike any",
      CLASSIC + "[QUUX]\n    a b\n",
      "fluent-bit.conf:13:1: [QUUX]: unknown section; known are SERVICE, INPUT, FILTER, OUTPUT, PARSER, MULTILINE_PARSER",
    ],
    [
      "a section of a later version",
      CLASSIC + "[UPSTREAM]\n    a b\n",
      "fluent-bit.conf:13:1: [UPSTREAM]: not in this version yet; remove it",
    ],
    [
      "a section that is not closed",
      CLASSIC + "[OUTPUT\n",
      "fluent-bit.conf:13:1: [ without a ]; write the section's name as [INPUT]",
    ],
    [
      "a group",
      CLASSIC + "    [PROCESSORS]\n        a b\n",
      "fluent-bit.conf:13:5: OUTPUT[0].[PROCESSORS]: groups such as processors are not in this version yet; use filters",
    ],
    [
      "a misspelt option",
      edited("Tag ", "Tga "),
      'fluent-bit.conf:6:5: INPUT[0].Tga: unknown option of input tail; did you mean "tag"?',
    ],
    [
      "an option without a value",
      edited("kube.*", ""),
      "fluent-bit.conf:6:5: INPUT[0].Tag: has no value; give it one, or remove it",
    ],
    [
      "an option that is not indented",
      edited("    Tag", "Tag"),
      "fluent-bit.conf:6:1: INPUT[0].Tag: is not indented; options of a section are, by four blanks for example",
    ],
    [
      "an option that is indented otherwise",
      edited("    Tag", "  Tag"),
      "fluent-bit.conf:6:3: INPUT[0].Tag: is indented otherwise than line 2; indent all options of a file alike",
    ],
    [
      "an option above all sections",
      "    Flush 1\n" + CLASSIC,
      "fluent-bit.conf:1:5: Flush: stands under no section; write one above it, such as [INPUT]",
    ],
    [
      "an option twice",
      edited("Tag ", "tag a\n    Tag "),
      "fluent-bit.conf:7:5: INPUT[0].Tag: set twice, first in fluent-bit.conf:6; remove one",
    ],
    [
      "a misspelt command",
      "@INCLUD a.conf\n" + CLASSIC,
      'fluent-bit.conf:1:1: @INCLUD: unknown command; did you mean "@INCLUDE"?',
    ],
    ["an include of nothing", "@INCLUDE\n" + CLASSIC, "fluent-bit.conf:1:1: @INCLUDE: names no file"],
    ["a variable without a value", "@SET A\n" + CLASSIC, "fluent-bit.conf:1:6: @SET: write @SET NAME=value"],
    [
      "a missing include",
      "@INCLUDE x.conf\n" + CLASSIC,
      "fluent-bit.conf:1:10: @INCLUDE: cannot read x.conf: ENOENT: no such file or directory",
    ],
    [
      "a pattern that matches nothing",
      "@INCLUDE x*.conf\n" + CLASSIC,
      "fluent-bit.conf:1:10: @INCLUDE: no file matches x*.conf",
    ],
    [
      "a file that includes itself",
      "@INCLUDE fluent-bit.conf\n" + CLASSIC,
      "fluent-bit.conf:1:10: @INCLUDE: files include each other in a circle: fluent-bit.conf → fluent-bit.conf; remove one of the includes",
    ],
    [
      "a regular expression that is none",
      edited("Match    *", "Match_Regex (a"),
      "fluent-bit.conf:11:17: OUTPUT[0].Match_Regex: not a regular expression: /(a/: Unterminated group",
    ],
    [
      "no section at all",
      "hello\n",
      "fluent-bit.conf:1:1: hello: stands under no section; write one above it, such as [INPUT]",
    ],
  ])("%s", (_, text, problem) => {
    expect(loadClassic(text).problems.join("\n")).toBe(problem);
  });
});
