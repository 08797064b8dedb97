/** Terraform's words for what the template names: its parameters are variables, each other name is here. */
const NAMES: Readonly<Record<string, string>> = {
  "AWS::Partition": "data.aws_partition.current.partition",
  "AWS::AccountId": "data.aws_caller_identity.current.account_id",
  "AWS::Region": "data.aws_region.current.id",
  "AWS::NoValue": "null",
  Bucket: "aws_s3_bucket.logs.id",
  "Bucket.Arn": "aws_s3_bucket.logs.arn",
  "Key.Arn": "aws_kms_key.logs[0].arn",
  Database: "aws_glue_catalog_database.logq.name",
  Workgroup: "aws_athena_workgroup.logq.name",
  MetricsLogGroup: "aws_cloudwatch_log_group.metrics.name",
  "MetricsLogGroup.Arn": "aws_cloudwatch_log_group.metrics.arn",
  ApplicationLogGroup: "one(aws_cloudwatch_log_group.application[*].name)",
  "ApplicationLogGroup.Arn": "aws_cloudwatch_log_group.application[0].arn",
  DeliveryStream: "one(aws_kinesis_firehose_delivery_stream.logq[*].name)",
  "DeliveryStream.Arn": "aws_kinesis_firehose_delivery_stream.logq[0].arn",
  FirehoseRole: "aws_iam_role.firehose[0].name",
  "FirehoseRole.Arn": "aws_iam_role.firehose[0].arn",
  "AgentRole.Arn": "aws_iam_role.agent.arn",
  "ControlPlaneRole.Arn": "aws_iam_role.control_plane.arn",
  "CompactRole.Arn": "aws_iam_role.compact.arn",
  CompactPolicy: "aws_iam_policy.compact.arn",
  QueryPolicy: "aws_iam_policy.query.arn",
};

/** [where it holds, where it does not]; the others are variables of their own. */
const CONDITIONS: Readonly<Record<string, readonly [string, string]>> = {
  WithMoreThanPutObject: ["!var.put_object_only", "var.put_object_only"],
  WithOidcProvider: ['var.oidc_provider != ""', 'var.oidc_provider == ""'],
  WithAlarmTopic: ['var.alarm_topic_arn != ""', 'var.alarm_topic_arn == ""'],
};

/** A value of the template as hcl2json reads its counterpart: expressions in `${…}`. */
export function expression(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expression);
  if (typeof value === "string") return value.replaceAll("${", "$${");
  if (typeof value !== "object" || value === null) return value;
  const { "Fn::Sub": text } = value as { readonly "Fn::Sub"?: string };
  if (text === undefined) {
    const written = literal(value);
    return written.startsWith('"') ? JSON.parse(written) : `\${${written}}`;
  }
  return text.replaceAll(/\$\{(!?)([^}]+)\}/g, (_, escape: string, name: string) =>
    escape === "" ? `\${${nameOf(name)}}` : `$\${${name}}`,
  );
}

/** The same as it stands inside an expression. */
export function literal(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const { Ref: ref, "Fn::GetAtt": attribute, "Fn::If": choice } = value as Functions;
  if (ref !== undefined) return nameOf(ref);
  if (attribute !== undefined) {
    const name = nameOf(attribute.join("."));
    // CloudFormation's ARN of a log group ends with it.
    return attribute[0].endsWith("LogGroup") ? JSON.stringify(`\${${name}}:*`) : name;
  }
  if (choice === undefined) return JSON.stringify(expression(value));
  const [when, yes, no] = choice;
  return yes === true && no === false ? condition(when) : `${condition(when)} ? ${literal(yes)} : ${literal(no)}`;
}

interface Functions {
  readonly Ref?: string;
  readonly "Fn::GetAtt"?: [string, string];
  readonly "Fn::If"?: [string, unknown, unknown];
}

/** A condition of the template, or that it does not hold. */
export function condition(name: string, isNegated = false): string {
  const [holds, holdsNot] = CONDITIONS[name] ?? [`var.${snake(name)}`, `!var.${snake(name)}`];
  return isNegated ? holdsNot : holds;
}

/** `BucketARN` → `bucket_arn`. */
export function snake(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toLowerCase();
}

function nameOf(name: string): string {
  if (name in NAMES) return NAMES[name]!;
  if (/[.:]/.test(name)) throw new Error(`translate ${name}: Terraform's word for it is missing in NAMES`);
  return `var.${snake(name)}`;
}
