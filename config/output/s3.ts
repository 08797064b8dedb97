import type { OptionGroup } from "../option.ts";
import { onOff, refuseOption, type OutputPlugin, type Reading } from "../plugin.ts";
import type { RawSection } from "../raw.ts";
import { NO_BUFFER, POSITIONS } from "../reasons.ts";
import { formatDuration } from "../scalar.ts";
import { readSettings } from "../settings.ts";
import { AWS_CREDENTIALS, AWS_IGNORED, AWS_LATER, readAws, renderAws, type AwsConfig } from "./aws.ts";
import {
  checkCompression,
  JSON_DATE,
  OUTPUT_IGNORED,
  OUTPUT_LATER,
  readJsonDate,
  readOutputBase,
  renderJsonDate,
  renderRouting,
  renderShipment,
  ROUTING,
  SHIPMENT_OF_OBJECTS,
  type ObjectsConfig,
} from "./shared.ts";

/** Journaled with each shipment, so it holds no secret; null where the file says nothing. */
export interface S3Config extends ObjectsConfig, AwsConfig {
  readonly plugin: "s3";
  readonly bucket: string;
  /** In front of `cluster=…`: empty, or without a leading and with a trailing slash. */
  readonly prefix: string;
  readonly storageClass: string | null;
  readonly cannedAcl: string | null;
  readonly sse: "aes256" | "aws:kms" | null;
  readonly sseKmsKeyId: string | null;
  readonly sseBucketKey: boolean;
  /** `KEY=VALUE` each. */
  readonly tagging: readonly string[];
  readonly contentType: string | null;
  readonly requestTimeoutMs: number;
}

const GROUP = {
  doc: "Stores the table's objects in an S3 bucket; `logq` reads them there. Exactly once.",
  options: {
    bucket: {
      type: "string",
      default: null,
      required: true,
      origin: "fluent-bit",
      doc: "Name of the bucket, or ARN of an access point.",
    },
    region: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "Region of the bucket; without it AWS_REGION or the profile says it (Fluent Bit: us-east-1).",
    },
    ...ROUTING,
    s3_key_format: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "What stands in front of `cluster=…/dt=…/hour=…` in the keys, such as `logs/`; a plain text.",
    },
    ...SHIPMENT_OF_OBJECTS,
    ...JSON_DATE,
    endpoint: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "URL of another service that speaks S3's protocol; buckets are addressed by path there.",
    },
    ...AWS_CREDENTIALS,
    storage_class: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Storage class of the objects, such as `STANDARD_IA`.",
    },
    canned_acl: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Predefined ACL of the objects, such as `bucket-owner-full-control`.",
    },
    sse: {
      type: "enum",
      default: null,
      values: ["aes256", "aws:kms"],
      origin: "ours",
      doc: "Encryption at rest: `AES256` (keys of S3) or `aws:kms`; without it as the bucket says.",
    },
    sse_kms_key_id: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "KMS key for `sse: aws:kms`; without it the account's own for S3.",
    },
    sse_bucket_key: {
      type: "boolean",
      default: "on",
      origin: "ours",
      doc: "Whether `sse: aws:kms` uses the bucket's key, which saves calls of KMS.",
    },
    tagging: {
      type: "list",
      default: "",
      origin: "ours",
      doc: "Tags of the objects, each KEY=VALUE.",
    },
    content_type: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Content type of the objects; without it the one of their format.",
    },
    request_timeout: {
      type: "duration",
      default: "60s",
      min: "100ms",
      max: "1h",
      origin: "ours",
      doc: "Longest time of one request (5 MiB at most), which is tried again then.",
    },
  },
  ignored: {
    ...OUTPUT_IGNORED,
    ...AWS_IGNORED,
    store_dir: POSITIONS,
    store_dir_limit_size: NO_BUFFER,
    upload_chunk_size: "parts have 5 MiB",
    use_put_object: "objects up to 5 MiB are sent in one request, larger ones in parts",
    preserve_data_ordering: "records keep their order",
    send_content_md5: "every request carries a CRC-32",
    s3_key_format_tag_delimiters: "the layout is the table's",
  },
  later: {
    ...OUTPUT_LATER,
    ...AWS_LATER,
    static_file_path: "the layout is the table's",
    log_key: "format: json_lines writes whole records",
    blob_database_file: "",
  },
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/outputs/s3. */
export const S3: OutputPlugin<S3Config> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "output s3", section, reading.found);
    const prefix = (settings.s3_key_format ?? "").replace(/^\/+|\/+$/g, "");
    const config: S3Config = {
      plugin: "s3",
      ...readOutputBase(section, settings, reading),
      ...readAws(settings, section, reading),
      bucket: settings.bucket,
      prefix: prefix === "" ? "" : `${prefix}/`,
      format: settings.format,
      compression: settings.compression,
      ...readJsonDate(settings),
      storageClass: settings.storage_class,
      cannedAcl: settings.canned_acl,
      sse: settings.sse,
      sseKmsKeyId: settings.sse_kms_key_id,
      sseBucketKey: settings.sse_bucket_key,
      tagging: settings.tagging,
      contentType: settings.content_type,
      requestTimeoutMs: settings.request_timeout,
    };
    check(config, section, reading);
    return config;
  },
  render: (output) => ({
    ...renderRouting(output),
    bucket: output.bucket,
    ...renderAws(output),
    s3_key_format: output.prefix || null,
    storage_class: output.storageClass,
    canned_acl: output.cannedAcl,
    sse: output.sse,
    sse_kms_key_id: output.sseKmsKeyId,
    sse_bucket_key: output.sse === "aws:kms" || !output.sseBucketKey ? onOff(output.sseBucketKey) : null,
    tagging: output.tagging.length > 0 ? output.tagging : null,
    content_type: output.contentType,
    request_timeout: formatDuration(output.requestTimeoutMs),
    format: output.format,
    compression: output.compression,
    ...renderJsonDate(output),
    ...renderShipment(output),
  }),
  destinationOption: "bucket",
  destination: (output) => `s3 ${output.endpoint ?? ""} ${output.bucket} ${output.prefix}`,
};

function check(output: S3Config, section: RawSection, reading: Reading): void {
  const refuse = (option: string, message: string): void => refuseOption(section, option, message, reading.found);
  checkCompression(output, section, reading);
  if (/[$%]/.test(output.prefix))
    refuse(
      "s3_key_format",
      "has variables, but all objects lie at cluster=…/dt=…/hour=…; write what is in front of that, such as /logs, or remove it",
    );
  if (output.prefix.split("/").some((part) => part.includes("=")))
    refuse(
      "s3_key_format",
      "has a =, which readers would take for a partition; write what is in front of cluster=…, such as /logs",
    );
  if (output.sseKmsKeyId !== null && output.sse !== "aws:kms")
    refuse("sse_kms_key_id", "is for sse: aws:kms; set that too, or remove it");
  const bad = output.tagging.find((tag) => !/^[^=]+=/.test(tag));
  if (bad !== undefined) refuse("tagging", `${bad} is not KEY=VALUE`);
}
