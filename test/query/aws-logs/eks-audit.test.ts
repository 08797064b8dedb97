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

test.each([
  ["-n", "shop"],
  ["-p", "x*"],
  ["-l", "app=x"],
  ["--level", "warn+"],
])(
  "flags about who wrote a row are refused, for they find no row about a pod or a namespace: %s %s",
  async (...flag) => {
    const { code, stderr } = await ask(...flag, "select * from eks_audit");
    expect(code).toBe(2);
    expect(stderr).toContain("does not go with eks_audit: it is for logs");
    expect(stderr).toContain("select * from eks_audit where …");
  },
);

test("no rows are explained by the values of its own columns", async () => {
  const { stderr } = await ask("select * from eks_audit where namespace = 'sohp'");
  expect(stderr).toContain("namespace='sohp': no rows; did you mean shop?");
  expect(stderr).toContain(`logq --store ${store} "select * from eks_audit where namespace='shop'"`);
});

test("a pattern is searched in the event", async () => {
  const { stdout } = await ask("-g", "db-password", "select count(*) as n from eks_audit where name <> 'db-password'");
  expect(stdout).toBe('{"n":0}\n');
});

describe("Kubernetes audit events answer", () => {
  test.each(AUDIT_GOLDENS)("%s", async (say, ...answer) => {
    const { stdout } = await ask(say);
    expect(stdout.trimEnd().split("\n")).toEqual(answer);
  });
});
