import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { accessKeyOf } from "./s3-server.ts";

/**
 * Where AWS's SDKs get temporary credentials: the endpoint of ECS and of EKS Pod Identity (`/container`), EC2's instance
 * metadata (`/latest/…`) and STS (`POST /`). Each answer has another access key, which is valid for `validMs`; STS refuses
 * the actions that `denies` names.
 */
export interface CredentialsServer extends AsyncDisposable {
  readonly endpoint: string;
  /** Who asked for credentials so far: `container`, `instance`, or the action of STS with its parameters. */
  readonly asked: string[];
  /** The access keys by which STS was asked to assume a role. */
  readonly signedBy: string[];
  /** Whether it gave this key, and the key has not expired. */
  readonly isValid: (accessKeyId: string) => boolean;
}

export const CONTAINER_TOKEN = "container-token";
const INSTANCE_TOKEN = "instance-token";
const ROLE_PATH = "/latest/meta-data/iam/security-credentials/";

export async function startCredentialsServer(
  validMs = 3_600_000,
  denies: (what: string) => boolean = () => false,
): Promise<CredentialsServer> {
  const expiresAtMs = new Map<string, number>();
  const asked: string[] = [];
  const signedBy: string[] = [];
  const issue = (who: string) => {
    asked.push(who);
    const AccessKeyId = `KEY${expiresAtMs.size}`;
    expiresAtMs.set(AccessKeyId, Date.now() + validMs);
    const Expiration = new Date(Date.now() + validMs).toISOString();
    return { AccessKeyId, SecretAccessKey: "secret", Expiration };
  };
  const http = createServer((request, response) => void answer(request, response, { issue, denies, signedBy }));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    asked,
    signedBy,
    isValid: (key) => (expiresAtMs.get(key) ?? 0) > Date.now(),
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      http.close();
      await once(http, "close");
    },
  };
}

interface Source {
  readonly issue: (who: string) => { AccessKeyId: string; SecretAccessKey: string; Expiration: string };
  readonly denies: (what: string) => boolean;
  readonly signedBy: string[];
}

async function answer(request: IncomingMessage, response: ServerResponse, source: Source): Promise<void> {
  const { issue } = source;
  const { method, url = "", headers } = request;
  if (method === "POST") return await answerSts(request, response, source);
  if (url === "/container" && headers.authorization === CONTAINER_TOKEN)
    return void response.end(JSON.stringify({ ...issue("container"), Token: "token" }));
  if (method === "PUT" && url === "/latest/api/token") return void response.end(INSTANCE_TOKEN);
  const isMetadata = headers["x-aws-ec2-metadata-token"] === INSTANCE_TOKEN;
  if (isMetadata && url === ROLE_PATH) return void response.end("node-role");
  if (isMetadata && url === `${ROLE_PATH}node-role`)
    return void response.end(JSON.stringify({ ...issue("instance"), Code: "Success", Token: "token" }));
  response.writeHead(404).end();
}

async function answerSts(
  request: IncomingMessage,
  response: ServerResponse,
  { issue, denies, signedBy }: Source,
): Promise<void> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  const asked = new URLSearchParams(body);
  const action = asked.get("Action")!;
  const what = ["RoleArn", "ExternalId", "WebIdentityToken"].map((name) => asked.get(name)).filter(Boolean);
  if (action === "AssumeRole") signedBy.push(accessKeyOf(request.headers));
  response.setHeader("content-type", "text/xml");
  if (denies(action)) {
    const message = `User: agent is not authorized to perform: sts:${action} on resource: ${asked.get("RoleArn")}`;
    const error = `<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${message}</Message></Error>`;
    return void response.writeHead(403).end(`<ErrorResponse>${error}<RequestId>test</RequestId></ErrorResponse>`);
  }
  if (action === "GetCallerIdentity") {
    const identity = `<Arn>arn:aws:iam::123456789012:user/ann</Arn><UserId>AIDA</UserId><Account>123456789012</Account>`;
    const result = `<GetCallerIdentityResult>${identity}</GetCallerIdentityResult>`;
    const xmlns = "https://sts.amazonaws.com/doc/2011-06-15/";
    return void response.end(`<GetCallerIdentityResponse xmlns="${xmlns}">${result}</GetCallerIdentityResponse>`);
  }
  const { AccessKeyId, SecretAccessKey, Expiration } = issue([action, ...what].join(" "));
  const credentials =
    `<AccessKeyId>${AccessKeyId}</AccessKeyId><SecretAccessKey>${SecretAccessKey}</SecretAccessKey>` +
    `<SessionToken>token</SessionToken><Expiration>${Expiration}</Expiration>`;
  const user = `<AssumedRoleUser><Arn>${asked.get("RoleArn")}</Arn><AssumedRoleId>id</AssumedRoleId></AssumedRoleUser>`;
  const result = `<${action}Result><Credentials>${credentials}</Credentials>${user}</${action}Result>`;
  response.end(`<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${result}</${action}Response>`);
}
