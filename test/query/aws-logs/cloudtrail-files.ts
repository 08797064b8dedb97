/**
 * A trail's files, of two accounts and two regions. Shapes of events are those of AWS's documentation: CloudTrail user
 * guide, "CloudTrail log file examples" and "userIdentity element"; EKS user guide, "Log API calls with CloudTrail".
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

export type Event = Readonly<Record<string, unknown>>;

const PROD = "111122223333";
const AUDIT = "444455556666";

const MARY = {
  type: "IAMUser",
  principalId: "EXAMPLE6E4XEGITWATV6R",
  arn: `arn:aws:iam::${PROD}:user/Mary_Major`,
  accountId: PROD,
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  userName: "Mary_Major",
  sessionContext: { attributes: { creationDate: "2026-11-21T04:11:57Z", mfaAuthenticated: "false" } },
};

const CI = {
  type: "AssumedRole",
  principalId: "AROAIDPPEZS35WEXAMPLE:deploy",
  arn: `arn:aws:sts::${PROD}:assumed-role/ci/deploy`,
  accountId: PROD,
  accessKeyId: "ASIAIOSFODNN7EXAMPLE",
  sessionContext: {
    sessionIssuer: {
      type: "Role",
      principalId: "AROAIDPPEZS35WEXAMPLE",
      arn: `arn:aws:iam::${PROD}:role/ci`,
      accountId: PROD,
      userName: "ci",
    },
    attributes: { creationDate: "2026-11-21T04:50:00Z", mfaAuthenticated: "false" },
  },
};

const AUTOSCALING = { type: "AWSService", invokedBy: "autoscaling.amazonaws.com" };
const ROOT = { type: "Root", principalId: AUDIT, arn: `arn:aws:iam::${AUDIT}:root`, accountId: AUDIT };

let made = 0;

/** An API call as CloudTrail records it. */
function call(time: string, source: string, name: string, more: Event): Event {
  made++;
  const id = String(made).padStart(12, "0");
  return {
    eventVersion: "1.11",
    userIdentity: CI,
    eventTime: time,
    eventSource: `${source}.amazonaws.com`,
    eventName: name,
    awsRegion: "eu-central-1",
    sourceIPAddress: "203.0.113.64",
    userAgent: "aws-cli/2.17.1 md/awscrt#0.20.11 ua/2.0 os/linux#6.1 lang/python#3.11",
    requestParameters: null,
    responseElements: null,
    requestID: `request-${id}`,
    eventID: `11111111-2222-3333-4444-${id}`,
    readOnly: true,
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: PROD,
    eventCategory: "Management",
    tlsDetails: {
      tlsVersion: "TLSv1.3",
      cipherSuite: "TLS_AES_128_GCM_SHA256",
      clientProvidedHostHeader: `${source}.eu-central-1.amazonaws.com`,
    },
    ...more,
  };
}

const FIRST: readonly Event[] = [
  call("2026-11-21T05:00:12Z", "eks", "DescribeCluster", { requestParameters: { name: "prod" } }),
  call("2026-11-21T05:01:40Z", "eks", "DeleteNodegroup", {
    userIdentity: MARY,
    requestParameters: { name: "prod", nodegroupName: "spot-a" },
    responseElements: { nodegroup: { nodegroupName: "spot-a", status: "DELETING", scalingConfig: { desiredSize: 3 } } },
    readOnly: false,
    sourceIPAddress: "2001:db8::7",
    userAgent: 'Mozilla/5.0 "quoted" \\ and äöü',
  }),
  call("2026-11-21T05:02:05Z", "ec2", "TerminateInstances", {
    userIdentity: AUTOSCALING,
    sourceIPAddress: "autoscaling.amazonaws.com",
    userAgent: "autoscaling.amazonaws.com",
    requestParameters: { instancesSet: { items: [{ instanceId: "i-0a1" }, { instanceId: "i-0b2" }] } },
    readOnly: false,
  }),
  call("2026-11-21T05:03:33Z", "s3", "GetObject", {
    errorCode: "AccessDenied",
    errorMessage: "User: ci is not authorized to perform: s3:GetObject",
    requestParameters: { bucketName: "prod-config", key: "app/secret.yaml" },
    additionalEventData: { SignatureVersion: "SigV4", bytesTransferredIn: 0, bytesTransferredOut: 243 },
    resources: [
      { type: "AWS::S3::Object", ARN: "arn:aws:s3:::prod-config/app/secret.yaml" },
      { accountId: PROD, type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::prod-config" },
    ],
    managementEvent: false,
    eventCategory: "Data",
  }),
];

const SECOND: readonly Event[] = [
  call("2026-11-21T05:59:59Z", "eks", "AccessKubernetesApi", { readOnly: true, requestParameters: { name: "prod" } }),
  call("2026-11-21T06:00:00Z", "eks", "DeleteNodegroup", {
    errorCode: "ResourceInUseException",
    errorMessage: "Nodegroup has pods",
    requestParameters: { name: "prod", nodegroupName: "spot-b" },
    readOnly: false,
  }),
  call("2026-11-21T06:10:00Z", "sts", "AssumeRole", {
    userIdentity: AUTOSCALING,
    sourceIPAddress: "autoscaling.amazonaws.com",
    requestParameters: { roleArn: `arn:aws:iam::${PROD}:role/node`, roleSessionName: "i-0c3", durationSeconds: 3600 },
    sharedEventID: "aaaaaaaa-bbbb-cccc-dddd-000000000001",
  }),
];

const SIGN_IN: readonly Event[] = [
  {
    // Fields that a sign-in has not are missing, not null.
    eventVersion: "1.08",
    userIdentity: ROOT,
    eventTime: "2026-11-21T05:20:00Z",
    eventSource: "signin.amazonaws.com",
    eventName: "ConsoleLogin",
    awsRegion: "us-east-1",
    sourceIPAddress: "192.0.2.9",
    userAgent: "Mozilla/5.0",
    requestParameters: null,
    responseElements: { ConsoleLogin: "Failure" },
    errorMessage: "Failed authentication",
    additionalEventData: { MFAUsed: "No", MobileVersion: "No" },
    eventID: "11111111-2222-3333-4444-0000000000aa",
    eventType: "AwsConsoleSignIn",
    recipientAccountId: AUDIT,
  },
];

/** The day before, delivered after midnight. */
const LATE: readonly Event[] = [
  call("2026-11-20T23:58:30Z", "eks", "CreateCluster", {
    userIdentity: MARY,
    requestParameters: { name: "prod", version: "1.34" },
    responseElements: { cluster: { name: "prod", status: "CREATING" } },
    readOnly: false,
  }),
];

/** All events, by the name of their file below the bucket's root. */
export const TRAIL: ReadonlyMap<string, readonly Event[]> = new Map([
  [trailKey(PROD, "eu-central-1", "20261121T0005Z", "aaaaaaaaaaaaaaa1"), LATE],
  [trailKey(PROD, "eu-central-1", "20261121T0505Z", "aaaaaaaaaaaaaaa2"), FIRST],
  [trailKey(PROD, "eu-central-1", "20261121T0615Z", "aaaaaaaaaaaaaaa3"), SECOND],
  [trailKey(AUDIT, "us-east-1", "20261121T0525Z", "aaaaaaaaaaaaaaa4"), SIGN_IN],
]);

/** The key of a file as CloudTrail names it. */
export function trailKey(account: string, region: string, time: string, unique: string): string {
  const day = `${time.slice(0, 4)}/${time.slice(4, 6)}/${time.slice(6, 8)}`;
  return `AWSLogs/${account}/CloudTrail/${region}/${day}/${account}_CloudTrail_${region}_${time}_${unique}.json.gz`;
}

export function gzippedRecords(events: readonly Event[]): Buffer {
  return gzipSync(JSON.stringify({ Records: events }));
}

/** Writes the trail, and beside it what a trail's bucket has that is no file of events. */
export async function writeTrail(directory: string): Promise<void> {
  for (const [key, events] of TRAIL) await writeBelow(directory, key, gzippedRecords(events));
  const digest = `AWSLogs/${PROD}/CloudTrail-Digest/eu-central-1/2026/11/21/${PROD}_CloudTrail-Digest_eu-central-1_trail_eu-central-1_20261121T050000Z.json.gz`;
  await writeBelow(directory, digest, gzipSync('{"awsAccountId":"111122223333","logFiles":[]}'));
  await writeBelow(directory, `AWSLogs/${PROD}/CloudTrail/`, null);
}

export async function writeBelow(directory: string, key: string, content: Buffer | string | null): Promise<void> {
  const path = join(directory, key);
  await mkdir(content === null ? path : dirname(path), { recursive: true });
  if (content !== null) await writeFile(path, content);
}
