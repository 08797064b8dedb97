import { expect, test } from "vitest";

import { renderConfig } from "../../config/render.ts";
import { edited, load } from "./fixture.ts";

const MINIMAL = edited("      path: /srv/store\n", "      log_group_name: g\n      log_stream_prefix: node-\n").replace(
  "name: directory",
  "name: cloudwatch_logs",
);
const withOptions = (options: string): string =>
  MINIMAL.replace("log_group_name: g\n", `log_group_name: g\n${options.replace(/^/gm, "      ")}\n`);

test("an output to CloudWatch Logs needs a group and a stream, or a prefix of one", () => {
  expect(load(MINIMAL)).toMatchObject({ problems: [], notices: [] });
  expect(load(MINIMAL).config?.outputs).toEqual([
    {
      plugin: "cloudwatch_logs",
      alias: null,
      match: { pattern: "*", regex: false },
      uploadTimeoutMs: 1000,
      totalFileSizeBytes: 6_000_000,
      logGroupName: "g",
      logGroupTemplate: null,
      logStreamName: null,
      logStreamPrefix: "node-",
      logStreamTemplate: null,
      logKey: null,
      logFormat: null,
      autoCreateGroup: false,
      logRetentionDays: null,
      logGroupClass: null,
      region: null,
      endpoint: null,
      profile: null,
      roleArn: null,
      externalId: null,
      stsEndpoint: null,
      requestTimeoutMs: 30_000,
    },
  ]);
  expect(load(MINIMAL.replace("      log_group_name: g\n", "")).problems.join()).toContain(
    "output cloudwatch_logs needs log_group_name: log group of the records",
  );
  expect(load(MINIMAL.replace("      log_stream_prefix: node-\n", "")).problems.join()).toContain(
    "says nothing of the log stream; set it, or log_stream_prefix or log_stream_template",
  );
});

test("a configuration of AWS for Container Insights just runs", () => {
  const options = `region: eu-central-1
log_stream_template: $kubernetes['pod_name']
auto_create_group: true
log_retention_days: 14
log_group_class: INFREQUENT_ACCESS
log_key: log
log_format: json/emf
extra_user_agent: container-insights
retry_limit: 2`;
  const loaded = load(withOptions(options));
  expect(loaded.problems).toEqual([]);
  expect(loaded.config?.outputs[0]).toMatchObject({
    logStreamTemplate: "$kubernetes['pod_name']",
    autoCreateGroup: true,
    logRetentionDays: 14,
    logGroupClass: "INFREQUENT_ACCESS",
    logKey: "log",
    logFormat: "json/emf",
  });
  const rendered = renderConfig(loaded.config!);
  expect(load(rendered).config).toEqual(loaded.config);
});

test.each([
  ["log_stream_name: s", "and log_stream_name are both set; remove one"],
  ["log_group_template: $record['x']", "$record['x'] is not known; known: $TAG, $kubernetes, $source, $cluster, $node"],
  ["log_group_template: a-$kubernetes", "$kubernetes needs a key, as in $kubernetes['namespace_name']"],
  ["log_stream_template: $TAG[x]", "$TAG[x] is no part of the tag; write $TAG[0] to $TAG[9], or $TAG"],
  ["log_retention_days: 10", 'unknown value "10"'],
  ["endpoint: localhost:4566", "localhost:4566 is not a URL"],
  ["role_arn: arn:x", "arn:x is no ARN of a role"],
])("%s is refused", (option, problem) => {
  expect(load(withOptions(option)).problems.join()).toContain(problem);
});

test.each([
  ["log_group_name: g", "log_group_name: 'a b'", "is no name of a log group"],
  ["log_group_name: g", `log_group_name: ${"g".repeat(513)}`, "is no name of a log group"],
  ["log_stream_prefix: node-", "log_stream_prefix: 'a:'", "is no name of a log stream"],
  ["log_stream_prefix: node-", "log_stream_name: 'a*'", "is no name of a log stream"],
])("names are checked: %s as %s", (before, after, problem) => {
  expect(load(MINIMAL.replace(before, after)).problems.join()).toContain(problem);
});

test.each([512, 511])("a group's name may have %i characters", (length) => {
  expect(load(MINIMAL.replace("name: g", `name: ${"g".repeat(length)}`)).problems).toEqual([]);
});
