import { describe, expect, test } from "vitest";

import { FILTERS, INPUTS } from "../../config/registry.ts";
import { BASE, edited, load } from "./fixture.ts";

/** Every broken configuration with all that is said of it. */
describe("a broken configuration is refused, with file, line, column and key path:", () => {
  test.each<[sentence: string, text: string, problem: string]>([
    [
      "a misspelt section",
      BASE.replace("service", "servce"),
      'agent.yaml:1:1: servce: unknown section; did you mean "service"?',
    ],
    [
      "a section unlike any",
      BASE + "quux: 1\n",
      "agent.yaml:12:1: quux: unknown section; known are env, includes, service, pipeline, parsers, multiline_parsers",
    ],
    [
      "a section of a later version",
      BASE + "plugins: [/a.so]\n",
      "agent.yaml:12:1: plugins: not in this version yet; remove it",
    ],
    [
      "a misspelt pipeline key",
      edited("outputs:", "outptus:"),
      'agent.yaml:8:3: pipeline.outptus: unknown key; did you mean "outputs"?',
    ],
    [
      "a misspelt plugin",
      edited("tail", "tial"),
      'agent.yaml:5:13: pipeline.inputs[0].name: unknown input "tial"; did you mean "tail"?',
    ],
    [
      "an input of a later version",
      edited("tail", "kafka"),
      `agent.yaml:5:13: pipeline.inputs[0].name: input kafka is not in this version yet; remove it, or leave that input to a Fluent Bit beside this agent; known: ${Object.keys(INPUTS).join(", ")}`,
    ],
    [
      "an output of a later version",
      edited("directory", "Es"),
      "agent.yaml:9:13: pipeline.outputs[0].name: output es is not in this version yet; remove it, or leave that output to a Fluent Bit beside this agent; known: s3, cloudwatch_logs, kinesis_firehose, directory, stdout, null",
    ],
    [
      "an output that has a successor",
      edited("directory", "cloudwatch"),
      "agent.yaml:9:13: pipeline.outputs[0].name: output cloudwatch is not supported: logq-agent has its successor; write cloudwatch_logs, whose templates are log_group_template and log_stream_template",
    ],
    [
      "an output that will not come",
      edited("directory", "Kinesis_Streams"),
      "agent.yaml:9:13: pipeline.outputs[0].name: output kinesis_streams is not supported: logq-agent ships to no stream of Kinesis itself; use kinesis_firehose or s3",
    ],
    [
      "a ConfigMap around the configuration",
      "apiVersion: v1\nkind: ConfigMap\ndata:\n  fluent-bit.conf: ''\n",
      "agent.yaml:1:1: this is an object of Kubernetes; give logq-agent the text of a file under its data, with its @INCLUDEs beside it",
    ],
    [
      "values of a Helm chart",
      "config:\n  outputs: ''\n",
      "agent.yaml:1:1: these look like values of a Helm chart; give logq-agent the texts below config, in one file",
    ],
    [
      "a filter of a later version",
      BASE + "  filters: [{name: geoip2, match: '*'}]\n",
      `agent.yaml:12:20: pipeline.filters[0].name: filter geoip2 is not in this version yet; remove it; known: ${Object.keys(FILTERS).join(", ")}`,
    ],
    [
      "an output unlike any",
      edited("directory", "somewhere"),
      'agent.yaml:9:13: pipeline.outputs[0].name: unknown output "somewhere"; known: s3, cloudwatch_logs, kinesis_firehose, directory, stdout, null',
    ],
    [
      "a plugin without a name",
      edited("- name: tail\n      tag", "- tag"),
      `agent.yaml:5:7: pipeline.inputs[0]: has no name; add name: and one of ${Object.keys(INPUTS).join(", ")}`,
    ],
    [
      "a misspelt option",
      edited("tag:", "refresh_intervall: 5\n      tag:"),
      'agent.yaml:6:7: pipeline.inputs[0].refresh_intervall: unknown option of input tail; did you mean "refresh_interval"?',
    ],
    [
      "a misspelt option of Fluent Bit's that has no effect here",
      edited("tag:", "mem_buf_limt: 5\n      tag:"),
      'agent.yaml:6:7: pipeline.inputs[0].mem_buf_limt: unknown option of input tail; did you mean "mem_buf_limit"?',
    ],
    [
      "an option unlike any",
      edited("cluster:", "colour: red\n  cluster:"),
      "agent.yaml:2:3: service.colour: unknown option of service; docs/configuration.md lists the known ones",
    ],
    [
      "an option of a later version",
      edited("tag:", "tag_regex: x\n      tag:"),
      "agent.yaml:6:7: pipeline.inputs[0].tag_regex: not in this version yet; remove it",
    ],
    [
      "a merge_parser that is misspelt",
      BASE + "  filters: [{name: kubernetes, match: '*', merge_log: on, merge_parser: logfnt}]\n",
      'agent.yaml:12:73: pipeline.filters[0].merge_parser: no parser "logfnt"; did you mean "logfmt"?',
    ],
    [
      "an action of expect that is misspelt",
      BASE + "  filters: [{name: expect, match: '*', key_exists: a, action: exti}]\n",
      'agent.yaml:12:63: pipeline.filters[0].action: unknown value "exti"; did you mean "exit"?',
    ],
    [
      "a key_pattern that is not the message",
      BASE + "multiline_parsers: [{name: m, type: equal, match_string: x, key_pattern: _p}]\n",
      'agent.yaml:12:74: multiline_parsers[0].key_pattern: unknown value "_p"; known: log',
    ],
    [
      "an option for which there is another way",
      edited("tag:", "exit_on_eof: on\n      tag:"),
      "agent.yaml:6:7: pipeline.inputs[0].exit_on_eof: not in this version yet; run logq-agent with --once",
    ],
    [
      "processors",
      edited("tag:", "processors:\n        logs: [{name: grep}]\n      tag:"),
      "agent.yaml:7:9: pipeline.inputs[0].processors.logs: not in this version yet; use filters",
    ],
    [
      "a list of maps for a value",
      edited("kube.*", "[{a: b}]"),
      "agent.yaml:6:12: pipeline.inputs[0].tag: write one value",
    ],
    [
      "a list for a single value",
      edited("kube.*", "[a, b]"),
      "agent.yaml:6:12: pipeline.inputs[0].tag: write one value, not a list",
    ],
    [
      "an option without a value",
      edited("prod", ""),
      "agent.yaml:2:12: service.cluster: has no value; give it one, or remove it",
    ],
    [
      "a boolean that is none",
      edited("tag:", "links: maybe\n      tag:"),
      'agent.yaml:6:14: pipeline.inputs[0].links: "maybe" is neither on nor off',
    ],
    [
      "a size that is none",
      edited("match:", "total_file_size: 64MiB\n      match:"),
      'agent.yaml:10:24: pipeline.outputs[0].total_file_size: "64MiB" is not a size; write bytes, or a number with K, M or G, as in 50M',
    ],
    [
      "a negative size",
      edited("match:", "total_file_size: -1\n      match:"),
      'agent.yaml:10:24: pipeline.outputs[0].total_file_size: "-1" is not a size; write bytes, or a number with K, M or G, as in 50M',
    ],
    [
      "a size of nothing",
      edited("match:", "total_file_size: 0\n      match:"),
      "agent.yaml:10:24: pipeline.outputs[0].total_file_size: 0 is too small; the least is 1M",
    ],
    [
      "a size over the limit",
      edited("match:", "total_file_size: 51G\n      match:"),
      "agent.yaml:10:24: pipeline.outputs[0].total_file_size: 51G is too large; the most is 50G",
    ],
    [
      "a duration that is none",
      edited("match:", "upload_timeout: 10 minutes\n      match:"),
      'agent.yaml:10:23: pipeline.outputs[0].upload_timeout: "10 minutes" is not a duration; write seconds, or a number with s, m, h or d, as in 10m',
    ],
    [
      "a duration of nothing",
      edited("match:", "upload_timeout: 0\n      match:"),
      "agent.yaml:10:23: pipeline.outputs[0].upload_timeout: 0 is too small; the least is 100ms",
    ],
    [
      "a misspelt fixed value",
      edited("match:", "format: paquet\n      match:"),
      'agent.yaml:10:15: pipeline.outputs[0].format: unknown value "paquet"; did you mean "parquet"?',
    ],
    [
      "a fixed value unlike any",
      edited("prod", "x\n  log_level: 7"),
      'agent.yaml:3:14: service.log_level: unknown value "7"; known: off, error, warn, info, debug, trace',
    ],
    [
      "a format of a later version",
      BASE + "    - {name: stdout, match: '*', format: msgpack}\n",
      'agent.yaml:12:42: pipeline.outputs[1].format: "msgpack" is not in this version yet; known: json_lines',
    ],
    [
      "gzip for Parquet",
      edited("match:", "compression: gzip\n      match:"),
      "agent.yaml:10:20: pipeline.outputs[0].compression: gzip is for format: json_lines; add that, or remove this: Parquet takes zstd, as it does by itself, or none",
    ],
    [
      "a misspelt multi-line parser",
      edited("tag:", "multiline.parser: cri, jave\n      tag:"),
      'agent.yaml:6:25: pipeline.inputs[0].multiline.parser: no multi-line parser "jave"; did you mean "java"?',
    ],
    [
      "a misspelt parser",
      edited("tag:", "parser: crio\n      tag:"),
      'agent.yaml:6:15: pipeline.inputs[0].parser: no parser "crio"; did you mean "cri"?',
    ],
    [
      "a parser whose name differs in its case",
      edited("tag:", "parser: Mine\n      tag:") + "parsers: [{name: mine, format: json}]\n",
      'agent.yaml:6:15: pipeline.inputs[0].parser: no parser "Mine"; did you mean "mine"?',
    ],
    [
      "a parser without a name",
      BASE + "parsers: [{format: json}]\n",
      "agent.yaml:12:11: parsers[0]: has no name; add name: and the parser's name",
    ],
    [
      "a tail without a path",
      edited("      path: /var/log/containers/*.log\n", ""),
      "agent.yaml:5:7: pipeline.inputs[0]: input tail needs path: patterns of the files to follow; `*`, `?` and `[…]` as in a shell, none of which match a slash.",
    ],
    [
      "a path of commas",
      edited("/var/log/containers/*.log", "','"),
      "agent.yaml:7:13: pipeline.inputs[0].path: has no pattern; name at least one file",
    ],
    [
      "a folder for a path",
      edited("*.log", ""),
      "agent.yaml:7:13: pipeline.inputs[0].path: /var/log/containers/ is a folder; name files, such as /var/log/containers/*.log",
    ],
    [
      "an open bracket in a path",
      edited("*.log", "[ab.log"),
      "agent.yaml:7:13: pipeline.inputs[0].path: /var/log/containers/[ab.log has a [ without a ]; close it, or write \\[ for the character itself",
    ],
    [
      "an agent that would read its own state",
      edited("containers/*", "*/*"),
      "agent.yaml:7:13: pipeline.inputs[0].path: /var/log/*/*.log reaches into /var/log/logq, which the agent itself writes; narrow it, or set exclude_path",
    ],
    [
      "an agent that would read its own objects",
      edited("/var/log/containers/*.log", "/srv/*/*/*/*/*"),
      "agent.yaml:7:13: pipeline.inputs[0].path: /srv/*/*/*/*/* reaches into /srv/store, which the agent itself writes; narrow it, or set exclude_path",
    ],
    [
      "an output without a match among several",
      BASE + "    - name: stdout\n",
      "agent.yaml:12:7: pipeline.outputs[1]: has no match, so nothing reaches it; add match: '*'",
    ],
    [
      "match and match_regex",
      edited("match:", "match_regex: .\n      match:"),
      "agent.yaml:10:7: pipeline.outputs[0].match_regex: match and match_regex are both set; remove one",
    ],
    [
      "a regular expression that is none",
      edited("match: '*'", "match_regex: (a"),
      "agent.yaml:10:20: pipeline.outputs[0].match_regex: not a regular expression: /(a/: Unterminated group",
    ],
    [
      "one destination twice",
      BASE + "    - {name: directory, match: 'a.*', path: /srv/store/}\n",
      "agent.yaml:12:45: pipeline.outputs[1].path: same destination as pipeline.outputs[0]; give one of them an alias",
    ],
    [
      "one alias twice",
      edited("match:", "alias: a\n      match:") + "    - {name: 'null', match: '*', alias: a}\n",
      "agent.yaml:13:41: pipeline.outputs[1].alias: same alias as pipeline.outputs[0]; give each its own",
    ],
    [
      "no input",
      BASE.replace(/ {2}inputs:\n(?: {4}.*\n)+/, ""),
      "agent.yaml:4:3: pipeline.inputs: no input; add one, such as name: tail with a path",
    ],
    [
      "no output",
      BASE.replace(/ {2}outputs:\n(?: {4}.*\n)+/, ""),
      "agent.yaml:4:3: pipeline.outputs: no output; add one, such as name: directory with a path",
    ],
    [
      "an empty file",
      "# nothing\n",
      "agent.yaml:1:1: pipeline.inputs: no input; add one, such as name: tail with a path\nagent.yaml:1:1: pipeline.outputs: no output; add one, such as name: directory with a path",
    ],
    [
      "a map for a list of plugins",
      edited("    - name: directory", "      name: directory"),
      "agent.yaml:9:7: pipeline.outputs: write a list: each item begins with '- name: …'",
    ],
    [
      "a text for a plugin",
      BASE + "    - stdout\n",
      "agent.yaml:12:7: pipeline.outputs[1]: write a map of options, one 'option: value' a line",
    ],
    [
      "a text for the pipeline",
      "pipeline: tail\n",
      "agent.yaml:1:11: pipeline: write a map of inputs, filters, outputs",
    ],
    [
      "a text for a configuration",
      "hello\n",
      "agent.yaml:1:1: not a configuration; it has sections like env, includes, service, pipeline, parsers, multiline_parsers",
    ],
    ["a star without quotes", edited("'*'", "*"), "agent.yaml:10:14: a value that begins with * must be quoted: '*'"],
    [
      "a pattern without quotes",
      edited("'*'", "*.log"),
      "agent.yaml:10:14: pipeline.outputs[0].match: a value that begins with * must be quoted: '*'",
    ],
    [
      "an option twice",
      edited("tag:", "tag: a\n      tag:"),
      "agent.yaml:7:7: pipeline.inputs[0].tag: set twice, first in agent.yaml:6; remove one",
    ],
    [
      "an option twice in two spellings",
      edited("tag:", "Tag: a\n      tag:"),
      "agent.yaml:7:7: pipeline.inputs[0].tag: set twice, first in agent.yaml:6; remove one",
    ],
    ["a tab", edited("      tag:", "\ttag:"), "agent.yaml:6:1: not valid YAML: Tabs are not allowed as indentation"],
  ])("%s", (_, text, problem) => {
    expect(load(text).problems.join("\n")).toBe(problem);
  });

  test("all problems are reported, in the order of the file", () => {
    const text = edited("cluster: prod", "clustr: prod\n  grace: soon").replace(
      "match: '*'",
      "match: '*'\n      format: csv",
    );
    expect(load(text).problems).toEqual([
      'agent.yaml:2:3: service.clustr: unknown option of service; did you mean "cluster"?',
      'agent.yaml:3:10: service.grace: "soon" is not a duration; write seconds, or a number with s, m, h or d, as in 10m',
      'agent.yaml:12:15: pipeline.outputs[0].format: unknown value "csv"; known: parquet, json_lines',
    ]);
  });

  test("an alias of nothing is shown at its place", () => {
    expect(load(edited("cluster: prod", "grace:    *x")).problems).toEqual([
      'agent.yaml:2:13: service.grace: "*x" is not a duration; write seconds, or a number with s, m, h or d, as in 10m',
      "agent.yaml:2:13: service.grace: a value that begins with * must be quoted: '*'",
    ]);
  });

  test("a value that came from the environment is shown as it is, at the place of the variable", () => {
    expect(load(edited("cluster: prod", "grace: ${GRACE}"), { GRACE: "soon" }).problems).toEqual([
      'agent.yaml:2:10: service.grace: "soon" is not a duration; write seconds, or a number with s, m, h or d, as in 10m',
    ]);
  });
});

describe("files that cannot be taken", () => {
  test("a file that is not there is named", () => {
    expect(load({}).problems).toEqual(["agent.yaml: cannot read agent.yaml: ENOENT: no such file or directory"]);
  });

  test("a missing include is shown where it is named", () => {
    expect(load("includes:\n  - more.yaml\n" + BASE).problems).toEqual([
      "agent.yaml:2:5: includes[0]: cannot read more.yaml: ENOENT: no such file or directory",
    ]);
  });

  test("a pattern of includes that matches nothing is shown", () => {
    expect(load("includes: [conf.d/*.yaml]\n" + BASE).problems).toEqual([
      "agent.yaml:1:12: includes[0]: no file matches conf.d/*.yaml",
    ]);
  });

  test("includes that go in a circle are named in their order", () => {
    const files = {
      "agent.yaml": "includes: [a.yaml]\n" + BASE,
      "a.yaml": "includes: [b.yaml]\n",
      "b.yaml": "includes:\n - a.yaml\n",
    };
    expect(load(files).problems).toEqual([
      "b.yaml:2:4: includes[0]: files include each other in a circle: agent.yaml → a.yaml → b.yaml → a.yaml; remove one of the includes",
    ]);
  });

  test("a file that is included twice would double its plugins", () => {
    const files = { "agent.yaml": "includes: [a.yaml, ./a.yaml]\n" + BASE, "a.yaml": "env: {A: b}\n" };
    expect(load(files).problems).toEqual([
      "agent.yaml:1:20: includes[1]: a.yaml is included twice; remove one of the includes",
    ]);
  });

  test("a hundred files are enough", () => {
    const files = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`conf.d/${n + 100}.yaml`, ""]));
    expect(load({ ...files, "agent.yaml": "includes: [conf.d/*.yaml]\n" + BASE }).problems).toEqual([
      "agent.yaml:1:12: includes[0]: more than 100 files; include fewer",
    ]);
  });

  test("an option of service that two files set is shown with both places", () => {
    const files = { "agent.yaml": "includes: [a.yaml]\n" + BASE, "a.yaml": "service: {cluster: test}\n" };
    expect(load(files).problems).toEqual(["agent.yaml:3:3: service.cluster: set twice, first in a.yaml:1; remove one"]);
  });

  test("a problem in an included file names that file", () => {
    const files = { "agent.yaml": "includes: [sub/a.yaml]\n" + BASE, "sub/a.yaml": "service:\n  graze: 5\n" };
    expect(load(files).problems).toEqual([
      'sub/a.yaml:2:3: service.graze: unknown option of service; did you mean "grace"?',
    ]);
  });
});
