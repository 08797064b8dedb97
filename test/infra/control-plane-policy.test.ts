import { CreateLogStreamCommand, PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../agent/fixture.ts";
import { BUCKET, decisionsOf, ENDPOINT, openAccount, REGION, statementsOf, type Statement } from "./account.ts";
import { deniedOf, live } from "./agent-run.ts";

const AGENT = statementsOf("AgentPolicy");
const READER = statementsOf("ControlPlanePolicy");
const GROUP = "/aws/eks/prod/cluster";

test("the reader of the control plane's logs reads them, and stores them by the agent's policy", async () => {
  const { denied, asked, objects } = await readAs([...AGENT, ...READER]);
  expect({ denied, objects }).toEqual({ denied: [], objects: 1 });
  expect(asked).toEqual(expect.arrayContaining(READER.flatMap(({ Action }) => Action)));
});

test("without ReadControlPlaneLogs the reader reads nothing", async () => {
  expect(READER.map(({ Sid }) => Sid)).toEqual(["ReadControlPlaneLogs"]);
  const { denied, objects, said } = await readAs(AGENT);
  expect({ denied, objects }).toEqual({ denied: ["logs:FilterLogEvents"], objects: 0 });
  expect(said).toMatch(/FilterLogEvents in log group \/aws\/eks\/prod\/cluster: .*HTTP 403/);
});

/** Until an object is stored or something is denied. */
async function readAs(statements: readonly Statement[]) {
  using folder = tempFolder();
  const { s3, logs, makeUser, enforce } = await openAccount();
  const stream = { logGroupName: GROUP, logStreamName: "kube-apiserver-0123456789abcdef" };
  await logs.send(new CreateLogStreamCommand(stream));
  const logEvents = [{ timestamp: Date.now() - 60_000, message: "I1121 05:00:00.000000 1 main.go:1] started" }];
  await logs.send(new PutLogEventsCommand({ ...stream, logEvents }));
  const env = { ...process.env, ...(await makeUser("reader", statements)) };
  const countObjects = async (): Promise<number> =>
    (await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: "cluster=prod/" }))).KeyCount ?? 0;
  await enforce();
  const life = { said: "", env };
  const isEnough = async (): Promise<boolean> => deniedOf("reader").length > 0 || (await countObjects()) > 0;
  await live(life, ["agent/main.ts", "-c", writeConfig(folder.path)], isEnough);
  return {
    denied: [...new Set(deniedOf("reader").map(({ action }) => action))],
    asked: decisionsOf("reader").map(({ action }) => action),
    objects: await countObjects(),
    said: life.said,
  };
}

/** Returns its path. */
function writeConfig(folder: string): string {
  const path = join(folder, "agent.yaml");
  const aws = `region: ${REGION}, endpoint: "${ENDPOINT}"`;
  writeFileSync(
    path,
    `service: { storage.path: ${folder}/state, cluster: prod, hostname: reader, grace: 2s }
pipeline:
  inputs: [{ name: cloudwatch_logs, cluster_name: prod, interval_sec: 1s, ${aws} }]
  outputs: [{ name: s3, match: "*", bucket: ${BUCKET}, upload_timeout: 1s, ${aws} }]
`,
  );
  return path;
}
