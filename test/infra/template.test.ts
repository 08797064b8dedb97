import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { ROOT, TEMPLATE_PATH } from "../../deploy/generated.ts";

/** AWS's own linter; it comes with moto. */
const CFN_LINT = `${ROOT}.venv/bin/cfn-lint`;

test("AWS's own linter has nothing against the template, in the regions of China neither", () => {
  const args = ["--regions", "eu-central-1", "cn-north-1", "cn-northwest-1", "--", `${ROOT}${TEMPLATE_PATH}`];
  expect(execFileSync(CFN_LINT, args, { encoding: "utf8" })).toBe("");
});
