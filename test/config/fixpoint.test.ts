import { isDeepStrictEqual } from "node:util";
import { array, assert, constant, constantFrom, oneof, property, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";

import type { OptionGroup } from "../../config/option.ts";
import { FILTERS, INPUTS, OUTPUTS } from "../../config/registry.ts";
import { renderConfig } from "../../config/render.ts";
import { SERVICE } from "../../config/service.ts";
import { load } from "./fixture.ts";

type Texts = Readonly<Record<string, string | readonly string[]>>;

/** Values of options that not every text is one of. */
const EXAMPLES: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  match: ["*", "t*l.0"],
  match_regex: ["^tail", "tail.\\d|x: #"],
  role_arn: ["arn:aws:iam::123456789012:role/r"],
  endpoint: ["http://127.0.0.1:1"],
  sts_endpoint: ["https://a.example"],
  "tail.ignore_older": ["2d", "90m"],
  "redact.replace": ["***", "'x' #"],
  "kinesis_firehose.delivery_stream": ["s"],
  "service.storage.path": ["/var/lib/logq"],
  "service.parsers_file": ["none.conf"],
  "service.emf_endpoint": ["http://127.0.0.1:1"],
  "service.emf_log_group": ["/logq/agent"],
  "service.metric_namespace": ["logq/x"],
  "service.metric_dimensions": ["NodeName", "ClusterName,NodeName;Output", ";"],
  "tail.tag": ["kube.*", "host"],
  "tail.path": ["/a/*.log", ["/a/*.log", "/b/[x]*"]],
  "systemd.tag": ["host.*", "host"],
  "systemd.path": ["/var/log/journal"],
  "systemd.systemd_filter": ["_SYSTEMD_UNIT=a.service", ["PRIORITY=3", "_TRANSPORT=kernel"]],
  "tail.exclude_path": ["*.gz", ["/a/b.log", "b.log"]],
  "tail.parser": ["nginx", "mine", "cri", "docker"],
  "tail.multiline.parser": ["cri", ["docker", "cri", "java"], "go, dated, lines"],
  "forward.unix_perm": ["0660", "600"],
  "forward.security.users": ["a b", ["a b", 'c "d e"']],
  "kubernetes.kube_url": ["http://127.0.0.1:8080", "https://a/"],
  "kubernetes.merge_parser": ["logfmt", "mine"],
  "grep.regex": ["log a b", ["$kubernetes['labels']['app'] ^x", "log '\"'"]],
  "grep.exclude": ["log a", ["log a", "stream ^stderr$"]],
  "modify.condition": ["key_exists a", ["Key_value_matches $a ^b", 'key_value_equals a "b c"']],
  "modify.remove": ["a", ["a", '"b c"']],
  "modify.remove_wildcard": ["a"],
  "modify.remove_regex": ["^a", '"a b"'],
  "modify.move_to_start": ["a"],
  "modify.move_to_end": ["a"],
  "modify.rule": [["add a b", "remove c", "add d e"]],
  "redact.patterns": ["email", ["jwt", "ipv4"]],
  "redact.regex": ["a+b", ["secret-\\d+", "x"]],
  "rewrite_tag.rule": ["$log ^a new.$TAG[0] true", ["$log a b false", "$stream c d false"]],
  "throttle.rate": ["5", "0.5"],
  "nest.wildcard": ["a*", ["a*", "b"]],
  "record_modifier.record": ["a b", ["a b", 'c "d e"']],
  "parser.key_name": ["log", "$a['b']"],
  "parser.parser": ["nginx", ["json", "mine"]],
  "expect.key_val_eq": ["a b", ["a b", 'c "d e"']],
  "multiline.multiline.parser": ["java", ["go", "dated", "lines"]],
  "s3.s3_key_format": ["/logs/", "a/b"],
  "s3.tagging": ["a=b", ["a=b", "c=d"]],
  "cloudwatch_logs.log_group_name": ["/eks/a"],
  "cloudwatch_logs.log_group_template": ["/eks/$cluster/$kubernetes['namespace_name']"],
  "cloudwatch_logs.log_stream_name": ["s"],
  "cloudwatch_logs.log_stream_prefix": ["p-"],
  "cloudwatch_logs.log_stream_template": ["$kubernetes['pod_name']"],
  "inputs.cloudwatch_logs.tag": ["control-plane.*", "control-plane"],
  "inputs.cloudwatch_logs.cluster_name": ["prod"],
  "inputs.cloudwatch_logs.log_group_name": ["/eks/a"],
  "inputs.cloudwatch_logs.types": ["audit", ["api", "ControllerManager"]],
  "inputs.cloudwatch_logs.log_stream_prefixes": ["kube-", ["a", "b/c"]],
  "inputs.cloudwatch_logs.lease": ["logq/control-plane"],
  "inputs.cloudwatch_logs.kube_url": ["http://127.0.0.1:8080", "https://a/"],
  "kinesis_firehose.time_key_format": ["%Y", "%Y-%m-%dT%H:%M:%S.%3N"],
};
for (const option of ["set", "add", "add_if_not_present", "rename", "hard_rename", "copy", "hard_copy"])
  Object.assign(EXAMPLES, { [`modify.${option}`]: ["a b", ["a b", 'c "d e"']] });

/** What an option needs beside it to be accepted, or what its plugin needs in any case (named ""). */
const NEEDS: Readonly<Record<string, Texts>> = {
  "nest.": { operation: "nest", wildcard: "a*", nest_under: "b" },
  "nest.nested_under": { operation: "lift", nested_under: "b" },
  "throttle.": { rate: "5" },
  "rewrite_tag.": { rule: "$log ^a new false" },
  "redact.regex": { patterns: "email" },
  "forward.security.users": { shared_key: "k" },
  "kubernetes.kubelet_host": { use_kubelet: "on" },
  "kubernetes.kubelet_port": { use_kubelet: "on" },
  "kubernetes.merge_parser": { merge_log: "on" },
  "kubernetes.k8s-logging.parser": { merge_log: "on" },
  "kubernetes.merge_log_key": { merge_log: "on" },
  "kubernetes.merge_log_trim": { merge_log: "on" },
  "kubernetes.keep_log": { merge_log: "on" },
  "cloudwatch_logs.": { log_group_name: "g", log_stream_name: "s" },
  "cloudwatch_logs.log_format": { log_key: "log" },
  "inputs.cloudwatch_logs.": { cluster_name: "prod" },
  ...Object.fromEntries(
    ["kube_url", "kube_ca_file", "kube_token_file"].map((option) => [
      `inputs.cloudwatch_logs.${option}`,
      { lease: "logq/control-plane" },
    ]),
  ),
  "s3.compression": { format: "json_lines" },
  "directory.compression": { format: "json_lines" },
  ...Object.fromEntries(
    ["s3", "cloudwatch_logs", "kinesis_firehose", "inputs.cloudwatch_logs"].map((name) => [
      `${name}.external_id`,
      { role_arn: "arn:aws:iam::123456789012:role/r" },
    ]),
  ),
  "s3.sse_kms_key_id": { sse: "aws:kms" },
  "s3.sse_bucket_key": { sse: "aws:kms" },
};
/** Options that stand in the place of others. */
const INSTEAD: Readonly<Record<string, readonly string[]>> = {
  "nest.nested_under": ["wildcard", "nest_under"],
  "cloudwatch_logs.log_stream_prefix": ["log_stream_name"],
  "inputs.cloudwatch_logs.log_group_name": ["cluster_name"],
};

const PARSERS = [
  { name: "mine", format: "regex", regex: "^(?<a>.*) (?<time>\\S+)$", time_format: "%s", types: "a:integer" },
];
const MULTILINE = [
  {
    name: "dated",
    type: "regex",
    rules: [
      { state: "start_state", regex: "/^\\d{4}-/", next_state: "cont" },
      { state: "cont", regex: "/^ /", next_state: "cont" },
    ],
  },
  { name: "lines", type: "endswith", match_string: "\\", negate: "on" },
];

interface Known {
  readonly kind: "service" | "inputs" | "filters" | "outputs";
  readonly name: string;
  /** Its name above, where an input and an output have the same: `inputs.NAME`. */
  readonly key: string;
  readonly group: OptionGroup;
}

const PLUGINS: readonly Known[] = [
  { kind: "service", name: "service", key: "service", group: SERVICE },
  ...groupsOf("inputs", INPUTS),
  ...groupsOf("filters", FILTERS),
  ...groupsOf("outputs", OUTPUTS),
];
const OPTIONS = PLUGINS.flatMap((plugin) => Object.keys(plugin.group.options).map((option) => ({ plugin, option })));

function groupsOf(kind: Known["kind"], registry: Readonly<Record<string, { readonly group: OptionGroup }>>): Known[] {
  const keyOf = (name: string): string => (kind === "inputs" && name in OUTPUTS ? `inputs.${name}` : name);
  return Object.entries(registry).map(([name, { group }]) => ({ kind, name, key: keyOf(name), group }));
}

function examplesOf(plugin: Known, option: string): readonly (string | readonly string[])[] {
  const own = EXAMPLES[`${plugin.key}.${option}`] ?? EXAMPLES[option];
  if (own !== undefined) return own;
  const { type, values, synonyms = {}, ...spec } = plugin.group.options[option]!;
  if (type === "boolean") return ["on", "off"];
  if (type === "enum") return [...(values ?? []), ...Object.keys(synonyms)];
  const limits = [spec.default, spec.min, spec.max].filter((text) => typeof text === "string");
  if (type === "integer") return limits;
  if (type === "size" || type === "duration") return limits;
  // Texts that YAML would take for something else.
  return ["a: b #c", "on", "'x' \"y\" é*"];
}

/** What every section of the plugin needs, and an option. */
function leastOf({ key, group }: Known, option: string): Texts {
  const required = Object.keys(group.options).filter((each) => group.options[each]!.required === true);
  const examples = required.map((each) => [each, EXAMPLES[`${key}.${each}`]?.[0] ?? "a"] as const);
  const least = { ...Object.fromEntries(examples), ...NEEDS[`${key}.`], ...NEEDS[`${key}.${option}`] };
  return Object.fromEntries(
    Object.entries(least).filter(([each]) => INSTEAD[`${key}.${option}`]?.includes(each) !== true),
  );
}

function configOf({ kind, name }: Known, options: Texts): string {
  const match = "match_regex" in options ? {} : { match: "*" };
  const section = { name, ...(kind === "inputs" ? {} : match), ...options };
  const parts = { inputs: { name: "tail", path: "/a" }, filters: null, outputs: { name: "null", match: "*" } };
  const pipeline = kind === "service" ? parts : { ...parts, [kind]: section };
  return stringify({
    ...(kind === "service" && { service: options }),
    pipeline: Object.fromEntries(Object.entries(pipeline).map(([key, each]) => [key, each === null ? [] : [each]])),
    parsers: PARSERS,
    multiline_parsers: MULTILINE,
  });
}

/** Why the text is no configuration; what is wrong with what is printed of it. */
function examine(text: string): { readonly problems: readonly string[]; readonly wrong: readonly string[] } {
  const first = load({ "agent.yaml": text, "none.conf": "" });
  if (first.config === null) return { problems: first.problems, wrong: [] };
  const print = renderConfig(first.config);
  const second = load(print);
  const wrong = [...second.problems, ...second.notices];
  if (!isDeepStrictEqual(second.config, first.config)) wrong.push("another configuration", text, print);
  if (second.config !== null && renderConfig(second.config) !== print) wrong.push("another print", text, print);
  return { problems: [], wrong };
}

describe("what --dry-run prints is a configuration of which it prints the same", () => {
  test.each(OPTIONS.map(({ plugin, option }) => [`${plugin.kind} ${plugin.name} ${option}`, plugin, option] as const))(
    "%s",
    (_, plugin, option) => {
      for (const value of examplesOf(plugin, option))
        expect(examine(configOf(plugin, { ...leastOf(plugin, option), [option]: value }))).toEqual({
          problems: [],
          wrong: [],
        });
    },
  );

  test("any options of any plugin together", () => {
    const texts = constantFrom(...PLUGINS).chain((plugin) => {
      const options = Object.keys(plugin.group.options).map((option) =>
        tuple(constant(option), constantFrom(...examplesOf(plugin, option))),
      );
      return array(oneof(...options), { maxLength: 6 }).map((some) =>
        configOf(plugin, { ...leastOf(plugin, ""), ...Object.fromEntries(some) }),
      );
    });
    let read = 0;
    // Some options exclude each other.
    assert(
      property(texts, (text) => {
        const { problems, wrong } = examine(text);
        if (problems.length === 0) read++;
        expect(wrong).toEqual([]);
      }),
      { numRuns: 200 },
    );
    expect(read).toBeGreaterThan(50);
  });
});
