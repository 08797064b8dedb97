import { expect, test } from "vitest";

import { renderConfig } from "../../config/render.ts";
import { edited, load } from "./fixture.ts";

const S3 = edited("      path: /srv/store\n", "      bucket: b\n").replace("name: directory", "name: s3");
const second = (bucket: string, more = "") => `${S3}    - { name: s3, match: '*', bucket: ${bucket}${more} }\n`;
const withOptions = (options: string): string =>
  S3.replace("bucket: b\n", `bucket: b\n${options.replace(/^/gm, "      ")}\n`);

test("an s3 output needs a bucket and nothing else", () => {
  expect(load(S3)).toMatchObject({ problems: [], notices: [] });
  expect(load(S3).config?.outputs).toEqual([
    {
      plugin: "s3",
      alias: null,
      match: { pattern: "*", regex: false },
      uploadTimeoutMs: 60_000,
      totalFileSizeBytes: 64_000_000,
      format: "parquet",
      compression: "zstd",
      jsonDateKey: "date",
      jsonDateFormat: "iso8601",
      bucket: "b",
      region: null,
      prefix: "",
      endpoint: null,
      profile: null,
      roleArn: null,
      externalId: null,
      stsEndpoint: null,
      storageClass: null,
      cannedAcl: null,
      sse: null,
      sseKmsKeyId: null,
      sseBucketKey: true,
      tagging: [],
      contentType: null,
      requestTimeoutMs: 60_000,
    },
  ]);
  expect(load(S3.replace("      bucket: b\n", "")).problems.join()).toContain(
    "output s3 needs bucket: name of the bucket",
  );
});

test.each([
  ["s3_key_format: /", ""],
  ["s3_key_format: /logs", "logs/"],
  ["s3_key_format: team/logs/", "team/logs/"],
])("%s puts %j in front of the keys", (option, prefix) => {
  expect(load(withOptions(option)).config?.outputs[0]).toMatchObject({ prefix });
});

test.each([
  [
    "s3_key_format: /$TAG/%Y/%m",
    "has variables, but all objects lie at cluster=…/dt=…/hour=…; write what is in front of that",
  ],
  ["s3_key_format: a=b", "has a =, which readers would take for a partition"],
  ["endpoint: minio:9000", "minio:9000 is not a URL; write https:// and the host"],
  ["sse_kms_key_id: k", "is for sse: aws:kms; set that too, or remove it"],
  ["role_arn: arn:x", "arn:x is no ARN of a role, as in arn:aws:iam::123456789012:role/logs"],
  ["external_id: x", "is for role_arn; set that too, or remove it"],
  ["sts_endpoint: sts", "sts is not a URL; write https:// and the host"],
  ["tagging: a=b, c", "c is not KEY=VALUE"],
  ["compression: gzip", "gzip is for format: json_lines; add that, or remove this"],
  ["static_file_path: on", "not in this version yet; the layout is the table's"],
])("%s is refused", (option, problem) => {
  expect(load(withOptions(option)).problems.join()).toContain(problem);
});

test("what Fluent Bit's s3 needs and this one does not is accepted with a notice", () => {
  const options = [
    "use_put_object: on",
    "store_dir: /tmp/x",
    "upload_chunk_size: 5M",
    "net.io_timeout: 5",
    "workers: 2",
  ];
  const { problems, notices } = load(withOptions(options.join("\n")));
  expect([problems, notices.length]).toEqual([[], options.length]);
});

test("two outputs to one place need an alias, to two buckets or prefixes they don't", () => {
  expect(load(second("b")).problems.join()).toContain(
    "same destination as pipeline.outputs[0]; give one of them an alias",
  );
  expect(load(second("b", ", alias: two")).problems).toEqual([]);
  expect(load(second("b", ", s3_key_format: two")).problems).toEqual([]);
  expect(load(second("c")).problems).toEqual([]);
});

test("what --dry-run prints of an s3 output is read again to the same effect", () => {
  const options = [
    "region: cn-northwest-1",
    "s3_key_format: logs",
    "endpoint: https://s3.example",
    "profile: p",
    "role_arn: arn:aws-cn:iam::123456789012:role/team/logs",
    "external_id: x-1",
    "sts_endpoint: https://sts.example",
    "sse: aws:kms",
    "sse_kms_key_id: k",
    "sse_bucket_key: off",
    "tagging: a=b, c=d",
    "storage_class: STANDARD_IA",
    "canned_acl: private",
    "content_type: text/plain",
    "request_timeout: 5s",
  ];
  const { config, problems } = load(withOptions(options.join("\n")));
  expect(problems).toEqual([]);
  expect(load(renderConfig(config!)).config).toEqual(config);
});

test("json_date_key: false leaves the time out, json_date_format says how it is written", () => {
  const { config } = load(withOptions("json_date_key: false\njson_date_format: epoch_ms\nformat: json_lines"));
  expect(config?.outputs[0]).toMatchObject({ jsonDateKey: null, jsonDateFormat: "epoch_ms" });
});
