import { expect } from "vitest";
import type { Resource, Template } from "../../deploy/template.ts";
import { blocks, defined, policyDocument, type Arguments } from "./blocks.ts";
import { condition, expression, literal, snake } from "./expression.ts";

/** `aws_s3_bucket.logs` to its arguments; `data.aws_iam_policy_document.agent` for a policy. */
export type Declared = ReadonlyMap<string, Arguments>;

/**
 * The resources and policies of a CloudFormation template, as a Terraform module that makes the same has to declare them.
 * Throws for a resource or a property that it has no translation for.
 */
export function terraformOf({ Resources }: Template): Declared {
  const declared = new Map<string, Arguments>();
  for (const [name, resource] of Object.entries(Resources)) {
    const translate = TRANSLATIONS[resource.Type];
    if (translate === undefined) throw new Error(`translate ${name}: no translation for ${resource.Type}`);
    const properties = new Properties(name, resource);
    for (const [address, args] of Object.entries(translate(properties, name))) {
      const count = resource.Condition === undefined || address.startsWith("data.") ? {} : { count: countOf(resource) };
      declared.set(address, { ...count, ...defined(args) });
    }
    properties.checkAllTaken();
  }
  return declared;
}

type Translation = (properties: Properties, name: string) => Readonly<Record<string, Arguments>>;

const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  "AWS::KMS::Key": (take) => ({
    "aws_kms_key.logs": {
      description: take.value("Description"),
      enable_key_rotation: take.value("EnableKeyRotation"),
      policy: "${data.aws_iam_policy_document.key.json}",
      lifecycle: [{ prevent_destroy: true }],
    },
    ...policyDocument("key", take.raw("KeyPolicy")),
  }),
  "AWS::S3::Bucket": (take) => {
    const [rule] = (take.raw("OwnershipControls") as { Rules: Arguments[] }).Rules;
    const [encryption] = (take.raw("BucketEncryption") as { ServerSideEncryptionConfiguration: Arguments[] })
      .ServerSideEncryptionConfiguration;
    const { SSEAlgorithm, KMSMasterKeyID } = encryption!["ServerSideEncryptionByDefault"] as Arguments;
    const { Rules } = take.raw("LifecycleConfiguration") as { Rules: unknown[] };
    const bucket = "${aws_s3_bucket.logs.id}";
    const byDefault = { sse_algorithm: expression(SSEAlgorithm), kms_master_key_id: expression(KMSMasterKeyID) };
    return {
      "aws_s3_bucket.logs": { bucket: take.value("BucketName"), lifecycle: [{ prevent_destroy: true }] },
      "aws_s3_bucket_ownership_controls.logs": { bucket, rule: [snakes(rule!)] },
      "aws_s3_bucket_public_access_block.logs": {
        bucket,
        ...snakes(take.raw("PublicAccessBlockConfiguration") as Arguments),
      },
      "aws_s3_bucket_server_side_encryption_configuration.logs": {
        bucket,
        rule: [
          {
            apply_server_side_encryption_by_default: [byDefault],
            bucket_key_enabled: expression(encryption!["BucketKeyEnabled"]),
          },
        ],
      },
      "aws_s3_bucket_lifecycle_configuration.logs": { bucket, ...blocks("rule", Rules, lifecycleRule) },
    };
  },
  "AWS::S3::BucketPolicy": (take) => ({
    "aws_s3_bucket_policy.logs": {
      bucket: take.value("Bucket"),
      policy: "${data.aws_iam_policy_document.bucket.json}",
    },
    ...policyDocument("bucket", take.raw("PolicyDocument")),
  }),
  "AWS::Glue::Database": (take) => ({
    "aws_glue_catalog_database.logq": {
      ...take.none("CatalogId"),
      name: expression((take.raw("DatabaseInput") as Arguments)["Name"]),
    },
  }),
  "AWS::Glue::Table": (take) => {
    const input = take.raw("TableInput") as Arguments;
    const storage = input["StorageDescriptor"] as Arguments;
    const serde = storage["SerdeInfo"] as Arguments;
    return {
      "aws_glue_catalog_table.logs": {
        ...take.none("CatalogId"),
        name: expression(input["Name"]),
        database_name: take.value("DatabaseName"),
        description: expression(input["Description"]),
        table_type: expression(input["TableType"]),
        parameters: texts(input["Parameters"] as Arguments),
        partition_keys: (input["PartitionKeys"] as Arguments[]).map(snakes),
        storage_descriptor: [
          {
            location: expression(storage["Location"]),
            input_format: storage["InputFormat"],
            output_format: storage["OutputFormat"],
            columns: (storage["Columns"] as Arguments[]).map(snakes),
            ser_de_info: [
              {
                serialization_library: serde["SerializationLibrary"],
                parameters: texts(serde["Parameters"] as Arguments),
              },
            ],
          },
        ],
      },
    };
  },
  "AWS::Athena::WorkGroup": (take) => {
    const { ResultConfiguration: results, ...rest } = take.raw("WorkGroupConfiguration") as Arguments;
    const renamed: Readonly<Record<string, string>> = {
      EnforceWorkGroupConfiguration: "enforce_workgroup_configuration",
      PublishCloudWatchMetricsEnabled: "publish_cloudwatch_metrics_enabled",
    };
    const configuration = Object.entries(rest).map(([key, value]) => [renamed[key] ?? snake(key), expression(value)]);
    return {
      "aws_athena_workgroup.logq": {
        name: take.value("Name"),
        configuration: [{ ...Object.fromEntries(configuration), result_configuration: [snakes(results as Arguments)] }],
      },
    };
  },
  "AWS::Logs::LogGroup": (take, name) => {
    const which = name.replace("LogGroup", "").toLowerCase();
    return {
      [`aws_cloudwatch_log_group.${which}`]: {
        name: take.value("LogGroupName"),
        retention_in_days: take.value("RetentionInDays"),
        // DeletionPolicy: Retain
        skip_destroy: which === "application" ? true : undefined,
      },
    };
  },
  "AWS::KinesisFirehose::DeliveryStream": (take) => {
    const { BufferingHints, ...s3 } = take.raw("ExtendedS3DestinationConfiguration") as Arguments;
    const hints = BufferingHints as Arguments;
    return {
      "aws_kinesis_firehose_delivery_stream.logq": {
        ...take.none("DeliveryStreamType"),
        name: take.value("DeliveryStreamName"),
        destination: "extended_s3",
        extended_s3_configuration: [
          { ...snakes(s3), buffering_interval: hints["IntervalInSeconds"], buffering_size: hints["SizeInMBs"] },
        ],
        depends_on: ["${aws_iam_role_policy.firehose}"],
      },
    };
  },
  "AWS::IAM::Role": (take, name) => {
    const which = snake(name.replace(/Role$/, ""));
    const attached = (take.raw("ManagedPolicyArns") ?? []) as { readonly Ref: string }[];
    return {
      [`aws_iam_role.${which}`]: { assume_role_policy: `\${data.aws_iam_policy_document.${which}_trust.json}` },
      ...policyDocument(`${which}_trust`, take.raw("AssumeRolePolicyDocument")),
      ...attachment(
        which,
        attached.map(({ Ref }) => snake(Ref.replace(/Policy$/, ""))),
      ),
    };
  },
  "AWS::IAM::RolePolicy": (take) => ({
    "aws_iam_role_policy.firehose": {
      name: take.value("PolicyName"),
      role: take.value("RoleName"),
      policy: "${data.aws_iam_policy_document.firehose.json}",
    },
    ...policyDocument("firehose", take.raw("PolicyDocument")),
  }),
  "AWS::IAM::ManagedPolicy": (take, name) => {
    const which = snake(name.replace(/Policy$/, ""));
    return {
      [`aws_iam_policy.${which}`]: {
        description: take.value("Description"),
        policy: `\${data.aws_iam_policy_document.${which}.json}`,
      },
      ...policyDocument(which, take.raw("PolicyDocument")),
    };
  },
  // Both bodies are written by deploy/dashboard.ts.
  "AWS::CloudWatch::Dashboard": (take) => ({
    "aws_cloudwatch_dashboard.logq": {
      ...take.none("DashboardBody"),
      dashboard_name: take.value("DashboardName"),
      dashboard_body: expect.stringContaining('templatefile("${path.module}/dashboard.json.tftpl", {') as unknown,
    },
  }),
  "AWS::CloudWatch::Alarm": (take, name) => {
    const [dimension] = take.raw("Dimensions") as [{ Name: string; Value: unknown }];
    const [{ "Fn::If": actions }] = take.raw("AlarmActions") as [{ "Fn::If": [string, unknown, unknown] }];
    return {
      [`aws_cloudwatch_metric_alarm.${snake(name.replace(/Alarm$/, ""))}`]: {
        dimensions: { [dimension.Name]: expression(dimension.Value) },
        alarm_actions: `\${${condition(actions[0])} ? [${literal(actions[1])}] : []}`,
        ...take.rest(),
      },
    };
  },
};

/** The properties of a resource; each has to be asked for. */
class Properties {
  readonly #name: string;
  readonly #left: Map<string, unknown>;

  constructor(name: string, { Properties: properties }: Resource) {
    this.#name = name;
    this.#left = new Map(Object.entries(properties));
  }

  raw(property: string): unknown {
    const value = this.#left.get(property);
    this.#left.delete(property);
    return value;
  }

  value(property: string): unknown {
    return expression(this.raw(property));
  }

  /** Terraform has no argument for it. */
  none(property: string): Arguments {
    this.raw(property);
    return {};
  }

  rest(): Arguments {
    const rest = snakes(Object.fromEntries(this.#left));
    this.#left.clear();
    return rest;
  }

  checkAllTaken(): void {
    if (this.#left.size === 0) return;
    throw new Error(`translate ${this.#name}: no translation for its ${[...this.#left.keys()].join(", ")}`);
  }
}

function lifecycleRule(rule: Arguments): Arguments {
  const { Id, Status, Prefix, ExpirationInDays, AbortIncompleteMultipartUpload: abort, ...rest } = rule;
  if (Object.keys(rest).length > 0) throw new Error(`translate a lifecycle rule: ${Object.keys(rest).join(", ")}`);
  return defined({
    id: Id,
    status: Status,
    filter: [Prefix === undefined ? {} : { prefix: expression(Prefix) }],
    expiration: ExpirationInDays === undefined ? undefined : [{ days: expression(ExpirationInDays) }],
    abort_incomplete_multipart_upload: abort === undefined ? undefined : [snakes(abort as Arguments)],
  });
}

function attachment(role: string, policies: readonly string[]): Record<string, Arguments> {
  if (policies.length === 0) return {};
  const arns = policies.map((policy) => [policy, `\${aws_iam_policy.${policy}.arn}`] as const);
  const one = arns.length === 1;
  return {
    [`aws_iam_role_policy_attachment.${role}`]: defined({
      for_each: one ? undefined : Object.fromEntries(arns),
      role: `\${aws_iam_role.${role}.name}`,
      policy_arn: one ? arns[0]![1] : "${each.value}",
    }),
  };
}

function countOf({ Condition: name }: Resource): string {
  return `\${${condition(name!)} ? 1 : 0}`;
}

/** `ABucketARN` → `a_bucket_arn`, and the functions in the values. */
function snakes(object: Arguments): Arguments {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [snake(key), expression(value)]));
}

function texts(object: Arguments): Arguments {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, expression(value)]));
}
