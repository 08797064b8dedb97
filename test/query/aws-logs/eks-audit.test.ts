import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runLogq } from "../run-logq.ts";
import { storeAudit } from "./audit-rows.ts";
import { AUDIT_GOLDENS } from "./audit-goldens.ts";

let store: string;

beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-audit-"));
  await storeAudit(store);
});

afterAll(async () => rm(store, { recursive: true }));

const ask = async (...argv: string[]) => runLogq(["--store", store, ...argv]);

describe("Kubernetes audit events answer", () => {
  test.each(AUDIT_GOLDENS)("%s", async (say, ...answer) => {
    const { stdout } = await ask(say);
    expect(stdout.trimEnd().split("\n")).toEqual(answer);
  });
});
