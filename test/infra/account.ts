import { AthenaClient, CreateWorkGroupCommand, type WorkGroupConfiguration } from "@aws-sdk/client-athena";
import { CloudWatchLogsClient, CreateLogGroupCommand } from "@aws-sdk/client-cloudwatch-logs";
import { CreateDeliveryStreamCommand, FirehoseClient } from "@aws-sdk/client-firehose";
import { CreateDatabaseCommand, CreateTableCommand, GlueClient, type TableInput } from "@aws-sdk/client-glue";
import {
  CreateBucketCommand,
  PutBucketEncryptionCommand,
  S3Client,
  type ServerSideEncryptionByDefault,
} from "@aws-sdk/client-s3";
import { readFileSync, writeFileSync } from "node:fs";
import { resolveStack } from "../../deploy/resolve.ts";
import { readTemplate } from "../../deploy/template.ts";

export const ENDPOINT = process.env["MOTO_ENDPOINT"]!;
export const REGION = "us-east-1";
export const BUCKET = "my-logs";
const PLACE = { partition: "aws", region: REGION, account: "123456789012" };
const DECISIONS = process.env["IAM_DECISIONS"]!;

export interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

/** A policy of the stack with everything that it can have, but for what `parameters` say. */
export function statementsOf(policy: string, parameters: Readonly<Record<string, string>> = {}): readonly Statement[] {
  const { PolicyDocument } = stackOf(parameters).get(policy) as { PolicyDocument: { Statement: Statement[] } };
  return PolicyDocument.Statement;
}

function stackOf(parameters: Readonly<Record<string, string>>): ReturnType<typeof resolveStack> {
  const all = { WithKmsKey: "true", WithCloudWatchLogs: "true", WithFirehose: "true" };
  return resolveStack(
    readTemplate(),
    { ClusterName: "prod", BucketName: BUCKET, DatabaseName: "logq", ...all, ...parameters },
    PLACE,
  );
}

/** What the tests do themselves, who may do everything. */
export interface Account {
  readonly s3: S3Client;
  readonly logs: CloudWatchLogsClient;
  readonly athena: AthenaClient;
  /** Somebody who may do what the statements say and nothing else. Returns the variables that the SDK reads. */
  readonly makeUser: (name: string, statements: readonly Statement[]) => Promise<Record<string, string>>;
  /** From now on moto looks who asks. */
  readonly enforce: () => Promise<void>;
}

/** An account of its own, with the stack in it; what was decided before is forgotten. */
export async function openAccount(): Promise<Account> {
  await ask("moto-api/reset-auth", "inf");
  await ask("moto-api/reset", "");
  writeFileSync(DECISIONS, "");
  const everything = [{ Sid: "Everything", Effect: "Allow", Action: ["*"], Resource: ["*"] }];
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = await makeUser("us", everything);
  const credentials = { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! };
  const client = { endpoint: ENDPOINT, region: REGION, credentials };
  const s3 = new S3Client({ ...client, forcePathStyle: true });
  const logs = new CloudWatchLogsClient(client);
  await makeBucket(s3);
  for (const group of ["prod/metrics", "prod/application"])
    await logs.send(new CreateLogGroupCommand({ logGroupName: `/logq/${group}` }));
  await logs.send(new CreateLogGroupCommand({ logGroupName: "/aws/eks/prod/cluster" }));
  await makeStream(new FirehoseClient(client));
  const athena = new AthenaClient(client);
  await makeTable(new GlueClient(client), athena);
  return { s3, logs, athena, makeUser, enforce: async () => await ask("moto-api/reset-auth", "0") };
}

async function makeBucket(s3: S3Client): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const { BucketEncryption } = stackOf({}).get("Bucket") as { BucketEncryption: Record<string, Rule[]> };
  const Rules = BucketEncryption["ServerSideEncryptionConfiguration"]!.map((rule) => ({
    ApplyServerSideEncryptionByDefault: rule.ServerSideEncryptionByDefault,
  }));
  await s3.send(new PutBucketEncryptionCommand({ Bucket: BUCKET, ServerSideEncryptionConfiguration: { Rules } }));
}

interface Rule {
  readonly ServerSideEncryptionByDefault: ServerSideEncryptionByDefault;
}

async function makeStream(firehose: FirehoseClient): Promise<void> {
  const destination = { BucketARN: `arn:aws:s3:::${BUCKET}`, RoleARN: "arn:aws:iam::123456789012:role/firehose" };
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: stackOf({}).get("DeliveryStream")!["DeliveryStreamName"] as string,
      ExtendedS3DestinationConfiguration: { ...destination, Prefix: "firehose/" },
    }),
  );
}

async function makeTable(glue: GlueClient, athena: AthenaClient): Promise<void> {
  const stack = stackOf({});
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: "logq" } }));
  const TableInput = stack.get("Table")!["TableInput"] as TableInput;
  await glue.send(new CreateTableCommand({ DatabaseName: "logq", TableInput }));
  const workgroup = stack.get("Workgroup") as { Name: string; WorkGroupConfiguration: WorkGroupConfiguration };
  const Configuration = workgroup.WorkGroupConfiguration;
  await athena.send(new CreateWorkGroupCommand({ Name: workgroup.Name, Configuration }));
}

async function makeUser(name: string, statements: readonly Statement[]): Promise<Record<string, string>> {
  const document = JSON.stringify({ Version: "2012-10-17", Statement: statements });
  await iam({ Action: "CreateUser", UserName: name });
  const policy = await iam({ Action: "CreatePolicy", PolicyName: name, PolicyDocument: document });
  await iam({ Action: "AttachUserPolicy", UserName: name, PolicyArn: textOf(policy, "Arn") });
  const key = await iam({ Action: "CreateAccessKey", UserName: name });
  return {
    AWS_ACCESS_KEY_ID: textOf(key, "AccessKeyId"),
    AWS_SECRET_ACCESS_KEY: textOf(key, "SecretAccessKey"),
    AWS_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

export interface Decision {
  readonly user: string;
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
}

/** What was decided of the user's requests, in their order. */
export function decisionsOf(user: string): Decision[] {
  const lines = readFileSync(DECISIONS, "utf8").split("\n");
  return lines
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Decision)
    .filter((decision) => decision.user === user);
}

async function ask(path: string, body: string): Promise<void> {
  const { status } = await fetch(`${ENDPOINT}/${path}`, { method: "POST", body });
  if (status !== 200) throw new Error(`moto's ${path} answers ${status}`);
}

/** IAM's query API, whose client would be a package more. */
async function iam(input: Record<string, string>): Promise<string> {
  const scope = `Credential=test/20261121/${REGION}/iam/aws4_request, SignedHeaders=host, Signature=none`;
  const answer = await fetch(ENDPOINT, {
    method: "POST",
    headers: { authorization: `AWS4-HMAC-SHA256 ${scope}` },
    body: new URLSearchParams({ ...input, Version: "2010-05-08" }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${input["Action"]} answers ${answer.status}: ${text}`);
  return text;
}

function textOf(xml: string, element: string): string {
  return new RegExp(`<${element}>(.*?)</${element}>`).exec(xml)![1]!;
}
