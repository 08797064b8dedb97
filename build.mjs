// Bundles the two programs to dist/: one CommonJS file each (measured cheaper than ESM bundles or loose modules:
// see docs/decisions). What is loaded only when a config asks for it stays a separate require.
import { build as esbuild } from "esbuild";
import { chmodSync, cpSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { noticesOf } from "./notices.mjs";

/**
 * The agent brings its runtime's settings along: a small young generation, no helper threads and no middle compilers for
 * memory, an early first collection, and another where the agent asks for it (docs/decisions/0004). After each a fifth more
 * may pile up, not as much again; Node starts from its code, not from the heap it brings along, of which 4 MB would stay
 * mapped; and since one number of its allocator is given, large buffers are given back instead of leaving ever larger
 * holes (docs/decisions/0022). Linux takes 255 characters.
 */
const AGENT_RUNTIME = [
  "MALLOC_ARENA_MAX=1",
  "MALLOC_TOP_PAD_=65536",
  "node",
  "--max-semi-space-size=1",
  "--v8-pool-size=0",
  "--no-maglev",
  "--no-sparkplug",
  "--no-lazy-feedback-allocation",
  "--expose-gc",
  "--initial-old-space-size=10",
  "--no-node-snapshot",
  "--heap-growing-percent=20",
];

const common = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node22",
  minify: true,
  metafile: true,
  legalComments: "none",
  logLevel: "warning",
};

/** What each bundle is made of, for `npm run size`. */
const outputs = {};

async function build(options) {
  const { metafile } = await esbuild(options);
  Object.assign(outputs, metafile.outputs);
}

/** Has the module `file` loaded at run time from a bundle of its own, by those who need it alone. */
function apart(file, bundle) {
  return {
    name: "apart",
    setup: ({ onResolve, onEnd }) => {
      onResolve({ filter: new RegExp(`/${basename(file)}$`) }, ({ path, resolveDir }) =>
        join(resolveDir, path).endsWith(`/${file}`) ? { path: bundle, external: true } : null,
      );
      // Bundled by mistake it costs everybody its memory and the time to load it.
      onEnd(({ metafile }) => {
        const own = Object.keys(metafile.inputs).find((path) => path.endsWith(file));
        return own === undefined ? null : { errors: [{ text: `${own} must not be in this bundle` }] };
      });
    },
  };
}

/** The SDK imports HTTP/2 for event streams, which no client here has: 4 MB of a runtime that else nobody touches. */
const withoutHttp2 = {
  name: "without-http2",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node:)?http2$/ }, () => ({ path: "http2", namespace: "without-http2" }));
    onLoad({ filter: /./, namespace: "without-http2" }, () => ({ contents: "module.exports = { constants: {} };" }));
  },
};

/**
 * Compiled code is kept beside the bundles, by whoever may write there (an image has it from its build): compiling at each
 * start costs 8 MB that stay. Only the agent's folder is asked, never a shared one like /tmp: what is in it is run.
 * Two threads for I/O, so that one slow call stops nothing: the number is read when the first is needed.
 */
const LAUNCHER = `#!/usr/bin/env -S ${AGENT_RUNTIME.join(" ")}
process.env.UV_THREADPOOL_SIZE ??= "2";
require("node:module").enableCompileCache(require("node:path").join(__dirname, "compile-cache"));
require("./logq-agent-main.cjs");
`;

await build({
  ...common,
  entryPoints: ["agent/main.ts"],
  plugins: [apart("aws/service.ts", "./logq-agent-aws.cjs")],
  // By require: the loader of ES modules would cost memory for this one file.
  supported: { "dynamic-import": false },
  outfile: "dist/logq-agent-main.cjs",
});
writeFileSync("dist/logq-agent.cjs", LAUNCHER);
await build({
  ...common,
  entryPoints: ["aws/service.ts"],
  plugins: [withoutHttp2],
  // The SDK's ES modules, of which what nobody calls is left out: half of its core.
  mainFields: ["module", "main"],
  conditions: ["module", "import"],
  // A client is run when it is asked for, not when the bundle is loaded.
  supported: { "dynamic-import": false },
  outfile: "dist/logq-agent-aws.cjs",
});
await build({
  ...common,
  entryPoints: ["query/main.ts"],
  outfile: "dist/logq.cjs",
  external: ["@duckdb/node-api", "@duckdb/node-bindings"],
  plugins: [apart("query/aws/sdk.ts", "./logq-aws.cjs")],
  define: { "import.meta.dirname": "__dirname" },
  // A long result in 140 MB, not 220: most of it is Node's and DuckDB's code. Why gc: query/engine/duckdb.ts.
  banner: { js: "#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-semi-space-size=2 --expose-gc" },
});
await build({ ...common, entryPoints: ["query/aws/sdk.ts"], outfile: "dist/logq-aws.cjs" });
// The page of `logq ui`; the server reads it from beside its bundle (query/ui/page-files.ts).
await build({
  ...common,
  entryPoints: ["query/ui/page/main.ts"],
  platform: "browser",
  format: "esm",
  target: "es2022",
  outfile: "dist/ui/main.js",
});
for (const file of ["index.html", "style.css", "icon.svg"]) cpSync(`query/ui/page/${file}`, `dist/ui/${file}`);
for (const file of ["dist/logq-agent.cjs", "dist/logq.cjs"]) chmodSync(file, 0o755);
writeFileSync("dist/meta.json", JSON.stringify(outputs));
// DuckDB is no part of a bundle: npm installs it, with its licence.
writeFileSync(
  "dist/THIRD-PARTY-NOTICES",
  noticesOf(Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs))),
);
