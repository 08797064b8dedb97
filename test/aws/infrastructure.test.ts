import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hiveTable, TABLE_DEFAULTS } from "../../query/catalog/hive-table.ts";
import { cloudFormation } from "../../query/catalog/infrastructure.ts";
import { tempFolder } from "../agent/fixture.ts";

/** Comes with moto. Errors and warnings end it with an exit code. */
const CFN_LINT = new URL("../../.venv/bin/cfn-lint", import.meta.url).pathname;
const WANTED = hiveTable({ ...TABLE_DEFAULTS, location: "s3://my-logs/eks" });

test("AWS's own linter has nothing against the templates", () => {
  using folder = tempFolder();
  const paths = [null, "s3://results/"].map((outputLocation, i) => {
    const path = join(folder.path, `${i}.yaml`);
    writeFileSync(path, cloudFormation(WANTED, { name: "logq", bytesCutoff: null, outputLocation }));
    return path;
  });
  expect(execFileSync(CFN_LINT, paths, { encoding: "utf8" })).toBe("");
});
