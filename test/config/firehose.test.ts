import { expect, test } from "vitest";

import { renderConfig } from "../../config/render.ts";
import { edited, load } from "./fixture.ts";

const FIREHOSE = edited("      path: /srv/store\n", "      delivery_stream: s\n").replace(
  "name: directory",
  "name: kinesis_firehose",
);
const second = (stream: string, more = "") =>
  `${FIREHOSE}    - { name: kinesis_firehose, match: '*', delivery_stream: ${stream}${more} }\n`;
const withOptions = (options: string): string =>
  FIREHOSE.replace("delivery_stream: s\n", `delivery_stream: s\n${options.replace(/^/gm, "      ")}\n`);

test("a kinesis_firehose output needs a delivery stream and nothing else", () => {
  expect(load(FIREHOSE)).toMatchObject({ problems: [], notices: [] });
  expect(load(FIREHOSE).config?.outputs).toEqual([
    {
      plugin: "kinesis_firehose",
      alias: null,
      match: { pattern: "*", regex: false },
      uploadTimeoutMs: 1000,
      totalFileSizeBytes: 4_000_000,
      deliveryStream: "s",
      region: null,
      endpoint: null,
      profile: null,
      roleArn: null,
      externalId: null,
      stsEndpoint: null,
      timeKey: null,
      timeKeyFormat: "%Y-%m-%dT%H:%M:%S",
      logKey: null,
      compression: "none",
      simpleAggregation: true,
      requestTimeoutMs: 60_000,
    },
  ]);
  expect(load(FIREHOSE.replace("      delivery_stream: s\n", "")).problems.join()).toContain(
    "output kinesis_firehose needs delivery_stream: name of the delivery stream",
  );
});

test.each([
  ["endpoint: localhost", "localhost is not a URL; write https:// and the host"],
  ["time_key_format: '%Y %Q'", "%Q is no conversion of strftime that is known here"],
  ["time_key: t\nlog_key: log", "has no place where log_key sends one field alone; remove one of them"],
  ["compression: snappy", '"snappy" is not in this version yet; known: none, gzip, zstd'],
  ["data_keys: a", "not in this version yet; log_key: log sends the message alone"],
])("%j is refused", (options, problem) => {
  expect(load(withOptions(options)).problems.join()).toContain(problem);
});

test.each(["a b", "x".repeat(65), "arn:aws:firehose:us-east-1:1:deliverystream/s"])(
  "%s is no name of a delivery stream",
  (name) => {
    expect(load(FIREHOSE.replace("delivery_stream: s\n", `delivery_stream: ${name}\n`)).problems.join()).toContain(
      "is no name of a delivery stream: letters, digits, _ . and -, 64 at most",
    );
  },
);

test("one stream twice needs aliases, one name in two regions does not", () => {
  expect(load(second("s")).problems.join()).toContain("delivery_stream: same destination as pipeline.outputs[0]");
  for (const config of [second("s", ", alias: b"), second("s", ", region: eu-west-1"), second("t")])
    expect(load(config).problems).toEqual([]);
});

test("what Fluent Bit's output needs and this one does not is accepted with a notice", () => {
  const options = ["auto_retry_requests: on", "net.keepalive: on", "workers: 2", "retry_limit: 5"];
  const { problems, notices } = load(withOptions(options.join("\n")));
  expect([problems, notices.length]).toEqual([[], options.length]);
});

test("every option survives being written and read again", () => {
  const options = `region: eu-west-1
alias: a
time_key: t
time_key_format: '%s.%3N'
compression: zstd
simple_aggregation: off
endpoint: http://localhost:4566
profile: p
role_arn: arn:aws:iam::123456789012:role/logs
request_timeout: 10s
upload_timeout: 5s
total_file_size: 8M`;
  for (const text of [withOptions(options), withOptions("log_key: log")]) {
    const { config } = load(text);
    expect(load(renderConfig(config!)).config).toEqual(config);
  }
});
