import { writeFileSync } from "node:fs";
import { generatedFiles, ROOT } from "./generated.ts";

/* `npm run infrastructure`: writes what is generated in deploy/; test/deploy/infrastructure.test.ts fails when it is stale. */

for (const [path, text] of generatedFiles()) writeFileSync(`${ROOT}${path}`, text);
