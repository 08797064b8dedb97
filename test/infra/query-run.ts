import { StartQueryExecutionCommand } from "@aws-sdk/client-athena";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { tempFolder } from "../agent/fixture.ts";
import { objectOf, PARTITION } from "../query/store/objects.ts";
import { BUCKET, decisionsOf, ENDPOINT, openAccount, REGION, type Decision, type Statement } from "./account.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const run = promisify(execFile);

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface QueryRun {
  readonly local: Answer;
  readonly athena: Answer;
  readonly cancelled: Answer;
  readonly doctor: Answer;
  readonly decisions: readonly Decision[];
  readonly denied: readonly Decision[];
}

/**
 * Somebody who may do what the statements say asks an account's logs by DuckDB and by Athena, stops a query of Athena's
 * and lets logq look at everything.
 */
export async function askAs(statements: readonly Statement[]): Promise<QueryRun> {
  using folder = tempFolder();
  const account = await openAccount();
  await moto("state-manager/set-transition", transition(1));
  const Body = await objectOf([{ pod: "nginx-1", rows: 50 }]);
  await account.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `${PARTITION}/${OBJECT}`, Body }));
  const user = await account.makeUser("somebody", statements);
  const logq = logqIn(folder.path, user);
  await account.enforce();

  const window = ["--from", "2026-11-21T05:00:00Z", "--to", "2026-11-21T06:00:00Z"];
  const query = ["select count(*) as n from logs where pod = 'nginx-1'", ...window, "-q", "-o", "ndjson"];
  const local = await logq("-e", "local", ...query);
  await moto("static/athena/query-results", { results: [FIFTY] });
  const athena = await logq("-e", "athena", ...query);
  const doctor = await logq("doctor", "-o", "json");
  await moto("state-manager/set-transition", transition(1_000_000));
  const { QueryExecutionId = "" } = await account.athena.send(
    new StartQueryExecutionCommand({ QueryString: "select 1", WorkGroup: "logq" }),
  );
  const cancelled = await logq("cancel", QueryExecutionId);
  const decisions = decisionsOf("somebody");
  // Where a bucket is, is asked in vain by whoever may only list a part of it.
  const denied = decisions.filter(({ allowed, action }) => !allowed && action !== "s3:HeadBucket");
  return { local, athena, cancelled, doctor, decisions, denied };
}

/** As an agent names it. */
const OBJECT = "node-1-0123456789abcdef0123-0badcafe-1.parquet";

/** moto runs no query: it is told the answer. */
const FIFTY = {
  rows: [{ Data: [{ VarCharValue: "n" }] }, { Data: [{ VarCharValue: "50" }] }],
  column_info: [{ CatalogName: "hive", Name: "n", Label: "n", Type: "bigint" }],
};

function transition(times: number): object {
  return { model_name: "athena::execution", transition: { progression: "manual", times } };
}

async function moto(path: string, body: object): Promise<void> {
  const answer = await fetch(`${ENDPOINT}/moto-api/${path}`, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`tell moto ${path}: ${answer.status} ${await answer.text()}`);
}

/** `logq` as the user runs it who has these variables; `home` is where it keeps its own. */
export function logqIn(home: string, user: Readonly<Record<string, string>>): (...args: string[]) => Promise<Answer> {
  const prod = {
    store: `s3://${BUCKET}`,
    cluster: "prod",
    region: REGION,
    workgroup: "logq",
    database: "logq",
    table: "logs",
  };
  mkdirSync(join(home, "logq"));
  writeFileSync(join(home, "logq/config.json"), JSON.stringify({ context: "prod", contexts: { prod } }));
  const xdg = { XDG_CONFIG_HOME: home, XDG_STATE_HOME: home, XDG_CACHE_HOME: home };
  const env = { PATH: process.env["PATH"], HOME: home, ...xdg, ...user, AWS_ENDPOINT_URL: ENDPOINT };
  return async (...args) => {
    const ended = run("node", ["query/main.ts", ...args], { cwd: ROOT, env, timeout: 60_000 });
    return await ended.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: Answer) => ({ code, stdout, stderr }),
    );
  };
}
