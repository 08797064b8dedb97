// Bundles the two programs to dist/: one CommonJS file each (measured cheaper than ESM bundles or loose modules:
// see docs/decisions). What is loaded only when a config asks for it stays a separate require.
import { build } from "esbuild";
import { chmodSync } from "node:fs";

const common = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node22",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  banner: { js: "#!/usr/bin/env node" },
};

await build({ ...common, entryPoints: ["agent/main.ts"], outfile: "dist/logq-agent.cjs" });
await build({ ...common, entryPoints: ["query/main.ts"], outfile: "dist/logq.cjs", external: ["@duckdb/node-api"] });
for (const file of ["dist/logq-agent.cjs", "dist/logq.cjs"]) chmodSync(file, 0o755);
