import { ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { partitionPath } from "../../config/table.ts";
import { tempFolder } from "../agent/fixture.ts";
import { HOUR_MS, nameOf, WEEK_MS } from "../query/compact/bed.ts";
import { objectOf } from "../query/store/objects.ts";
import { BUCKET, decisionsOf, openAccount, statementsOf, type Decision, type Statement } from "./account.ts";
import { logqIn } from "./query-run.ts";

const STATEMENTS = statementsOf("CompactPolicy");
const STEPS = ["merged", "marked", "closed"] as const;
const OBJECTS = 12;

interface CompactRun {
  /** What the command of each step said, if it failed. */
  readonly failed: Readonly<Partial<Record<(typeof STEPS)[number], string>>>;
  /** What is in the bucket at the end. */
  readonly keys: readonly string[];
  readonly decisions: readonly Decision[];
  readonly denied: readonly Decision[];
}

/** Who may do what the statements say merges an hour of an account's bucket, puts markers, and takes them away a week later. */
async function compactAs(statements: readonly Statement[]): Promise<CompactRun> {
  using folder = tempFolder();
  const { s3, makeUser, enforce } = await openAccount();
  const hour = Math.floor(Date.now() / HOUR_MS) - 2;
  for (let seq = 0; seq < OBJECTS; seq++) {
    const pods = [{ pod: "web-a", rows: 5, atSeconds: seq * 5 }];
    const Body = await objectOf(pods, { hourNs: BigInt(hour * HOUR_MS) * 1_000_000n });
    await s3.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: `${partitionPath("prod", hour)}/${nameOf(0, seq)}`, Body }),
    );
  }
  const keys = async (): Promise<string[]> => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    return Contents.map(({ Key }) => Key!);
  };
  const logq = logqIn(folder.path, await makeUser("somebody", statements));
  await enforce();

  const failed: Partial<Record<(typeof STEPS)[number], string>> = {};
  for (const step of STEPS) {
    const { code, stdout, stderr } = await logq(
      "compact",
      "--settle",
      "0s",
      "--grace",
      step === "merged" ? "1h" : "0s",
    );
    if (code !== 0) failed[step] = stdout + stderr;
    const aged = (await keys()).filter((key) => step === "marked" && key.includes("cleaned"));
    const Body = JSON.stringify({ version: 1, atMs: Date.now() - WEEK_MS - HOUR_MS });
    for (const Key of aged) await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
  }
  const decisions = decisionsOf("somebody");
  // Where a bucket is, is asked in vain by whoever may only list a part of it.
  const denied = decisions.filter(({ allowed, action }) => !allowed && action !== "s3:HeadBucket");
  return { failed, keys: await keys(), decisions, denied };
}

test("who has the policy merges, puts markers, and takes them away", async () => {
  const run = await compactAs(STATEMENTS);
  expect({ denied: run.denied, failed: run.failed }).toEqual({ denied: [], failed: {} });
  const [merged, ...records] = run.keys.toSorted((a, b) => Number(a.startsWith("_")) - Number(b.startsWith("_")));
  expect(merged).toMatch(/^cluster=prod\/.*\/merged-/);
  expect(
    records.every((key) => key.startsWith("_compact/")),
    records.join("\n"),
  ).toBe(true);
  const used = new Set(run.decisions.map(({ action }) => action));
  const unused = STATEMENTS.flatMap(({ Action }) => Action).filter((action) => !used.has(action));
  // Of a merged object of several parts, which 12 small ones do not make.
  expect(unused).toEqual(["s3:AbortMultipartUpload"]);
});

/** Statement, what is denied first without it, what fails then; docs/aws.md has this table. */
const WITHOUT: readonly (readonly [string, string, readonly string[]])[] = [
  ["FindObjects", "s3:ListBucket", STEPS],
  ["ReadObjects", "s3:GetObject", STEPS],
  ["StoreObjects", "s3:PutObject", STEPS],
  ["DeleteMerged", "s3:DeleteObject", ["closed"]],
  ["UseKey", "kms:Decrypt", STEPS],
];

test.each(WITHOUT)("without %s, %s is denied, and what fails: %j", async (sid, action, failed) => {
  const statements = STATEMENTS.filter(({ Sid }) => Sid !== sid);
  expect(statements).toHaveLength(STATEMENTS.length - 1);
  const run = await compactAs(statements);
  expect(run.denied[0]?.action).toBe(action);
  expect(Object.keys(run.failed), JSON.stringify(run.failed)).toEqual(failed);
});

test("no statement is without a line of this table", () => {
  expect(WITHOUT.map(([sid]) => sid)).toEqual(STATEMENTS.map(({ Sid }) => Sid));
});
