import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { ddl } from "../../query/catalog/ddl.ts";
import { AUDIT_GOLDENS } from "../query/aws-logs/audit-goldens.ts";
import { AUDIT_DAY, storeAudit } from "../query/aws-logs/audit-rows.ts";
import { objectsOf } from "./corpus.ts";
import { onDuckDb, onTrino, questionOf } from "./engines.ts";
import { trinoQuery } from "./trino-client.ts";

const shared = inject("bed");
const folder = mkdtempSync(join(tmpdir(), "logq-audit-"));
/** Events of one day, in a table of their own. */
const bed = { ...shared, store: folder, table: { ...shared.table, table: "audit" } };

const START_NS = BigInt(Date.parse(`${bed.day}T09:00:00Z`)) * 1_000_000n;

beforeAll(async () => {
  await storeAudit(folder, bed.day);
  for (const [key, body] of objectsOf(folder)) {
    const { ok, status } = await fetch(`${bed.s3}/logs/audit/${key}`, { method: "PUT", body: new Uint8Array(body) });
    if (!ok) throw new Error(`put ${key}: ${status}`);
  }
  await trinoQuery(bed.trino, ddl("trino", { ...bed.table, location: "s3://logs/audit", days: 400 }));
  return () => rmSync(folder, { recursive: true });
});

describe("Kubernetes audit events answer on Trino as on DuckDB, and as they were read by another program", () => {
  test.each(AUDIT_GOLDENS)("%s", async (say, ...answer) => {
    const inTime = (text: string): string => text.replaceAll(AUDIT_DAY, bed.day);
    // Trino looks for each partition of the range.
    const question = { ...questionOf(inTime(say), bed), range: { from: START_NS, to: START_NS + 7_200_000_000_000n } };
    const [duckDb, trino] = await Promise.all([onDuckDb(question, bed), onTrino(question, bed)]);
    expect(trino.lines).toEqual(duckDb.lines);
    expect(trino.lines.filter((line) => !line.includes(NANOSECONDS))).toEqual(
      answer.filter((line) => !line.includes(NANOSECONDS)).map(inTime),
    );
  });
});

/** Of an answer that has a time as a number, which is another one on another day. */
const NANOSECONDS = '"last":1';
