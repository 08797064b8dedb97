import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testWithMoto } from "../helpers/moto-server.ts";

/* `npm run test:infra`: what deploy/ makes in AWS, by cfn-lint, and by moto with its IAM at work. */

const folder = mkdtempSync(join(tmpdir(), "logq-infra-"));
process.env["IAM_DECISIONS"] = join(folder, "decisions.ndjson");
process.env["ATHENA_RESULTS"] = "my-logs/athena-results/";
try {
  const program = ["python", new URL("moto_iam.py", import.meta.url).pathname];
  await testWithMoto("test/infra/vitest.config.ts", program, {});
} finally {
  rmSync(folder, { recursive: true });
}
