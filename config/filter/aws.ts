import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import type { Option, OptionGroup } from "../option.ts";
import { onOff, refuseOption, type Plugin } from "../plugin.ts";
import { ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { formatDuration } from "../scalar.ts";
import { readSettings } from "../settings.ts";

/** What is known of an instance of EC2: the options that ask for it, and the fields of the record, in Fluent Bit's order. */
const EC2_FIELDS = [
  "az",
  "ec2_instance_id",
  "ec2_instance_type",
  "private_ip",
  "vpc_id",
  "ami_id",
  "account_id",
  "hostname",
] as const;

export type Ec2Field = (typeof EC2_FIELDS)[number];

export interface AwsFilterConfig {
  readonly plugin: "aws";
  readonly match: Match;
  readonly imdsVersion: "v1" | "v2";
  readonly fields: readonly Ec2Field[];
  /** Null: tags of the instance are not asked for. */
  readonly tags: { readonly include: readonly string[]; readonly exclude: readonly string[] } | null;
  /** Fields that CloudWatch makes an entity of. */
  readonly entity: boolean;
  /** How long the start waits for the answers. */
  readonly waitMs: number;
  /** What the node answered, as fields of records; null until it was asked. */
  readonly metadata: Readonly<Record<string, string>> | null;
}

const include = (what: string, isDefault = false) =>
  ({
    type: "boolean",
    default: isDefault ? "on" : "off",
    origin: "fluent-bit",
    doc: `Whether records get the instance's ${what}.`,
  }) as const satisfies Option;

const GROUP = {
  doc: "Adds to records what EC2's metadata service says of the node. It is asked once, at the start and at a reload. Each record becomes an object, which costs more CPU time than all else.",
  options: {
    ...MATCH,
    imds_version: {
      type: "enum",
      default: "v2",
      values: ["v1", "v2"],
      origin: "fluent-bit",
      doc: "Version of the metadata service; from a container v2 needs a hop limit of 2, or the host's network.",
    },
    az: include("availability zone", true),
    ec2_instance_id: include("id", true),
    ec2_instance_type: include("type"),
    private_ip: include("private address"),
    vpc_id: include("VPC"),
    ami_id: include("image"),
    account_id: include("account"),
    hostname: include("host name"),
    tags_enabled: include("tags; its metadata options must allow it"),
    tags_include: {
      type: "list",
      default: "",
      origin: "fluent-bit",
      doc: "Names of the only tags to add.",
    },
    tags_exclude: {
      type: "list",
      default: "",
      origin: "fluent-bit",
      doc: "Names of tags to leave out; not together with `tags_include`.",
    },
    enable_entity: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Whether records get `aws_entity_ec2_instance_id` and `aws_entity_account_id`.",
    },
    imds_wait: {
      type: "duration",
      default: "5s",
      min: "100ms",
      max: "5m",
      origin: "ours",
      doc: "How long a start waits for the metadata service at most; then it goes on without what is missing.",
    },
  },
  ignored: {
    alias: ONLY_OUTPUTS_HAVE_NAMES,
    log_level: ONE_LOG_LEVEL,
    retry_interval_s: "the start tries again for as long as imds_wait says, a reload asks anew",
  },
  later: {},
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/filters/aws-metadata. */
export const AWS: Plugin<AwsFilterConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "filter aws", section, reading.found);
    const { tags_include: included, tags_exclude: excluded } = settings;
    if (included.length > 0 && excluded.length > 0)
      refuseOption(section, "tags_exclude", "tags_include names the only tags already; remove one", reading.found);
    return {
      plugin: "aws",
      match: readMatch(section, settings, null, reading),
      imdsVersion: settings.imds_version,
      fields: EC2_FIELDS.filter((field) => settings[field]),
      tags: settings.tags_enabled ? { include: included, exclude: excluded } : null,
      entity: settings.enable_entity,
      waitMs: settings.imds_wait,
      metadata: null,
    };
  },
  render: (filter) => ({
    ...renderMatch(filter.match),
    imds_version: filter.imdsVersion,
    ...Object.fromEntries(EC2_FIELDS.map((field) => [field, onOff(filter.fields.includes(field))])),
    tags_enabled: onOff(filter.tags !== null),
    tags_include: filter.tags === null || filter.tags.include.length === 0 ? null : filter.tags.include,
    tags_exclude: filter.tags === null || filter.tags.exclude.length === 0 ? null : filter.tags.exclude,
    enable_entity: onOff(filter.entity),
    imds_wait: formatDuration(filter.waitMs),
  }),
};
