/**
 * A checkout of its own for the commands of the docs: the built programs, a node's logs, the store that `npm start`
 * leaves, S3 and the services around Athena on this machine, and stand-ins for what needs a cluster or an account.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startLiveNode } from "../../bench/generate/live.ts";
import { storeAudit } from "../query/aws-logs/audit-rows.ts";
import { writeTrail } from "../query/aws-logs/cloudtrail-files.ts";
import { startGlueServer } from "../servers/glue-server.ts";
import { startS3Server } from "../servers/s3-server.ts";
import { startWorkGroupServer } from "../servers/work-group-server.ts";

const OTHER_TOOLS = ["kubectl", "helm", "aws", "terraform", "docker", "npm"];
/** What docs/quickstart.md listens on; here ports that are free. */
const PORTS = ["19290", "12020"];
/** What a page's commands write. */
const WRITTEN = new Set([".git", ".logq"]);

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Sandbox extends AsyncDisposable {
  readonly folder: string;
  /** A command line, by bash, in the folder. */
  run(script: string): Promise<Ran>;
  /** Paths of a node, as /var/log, lie in the sandbox; ports are those that are free. */
  inside(text: string): string;
}

export async function makeSandbox(): Promise<Sandbox> {
  const project = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), "logq-docs-"));
  for (const name of readdirSync(project)) if (!WRITTEN.has(name)) symlinkSync(join(project, name), join(folder, name));
  makeTools(project, folder);
  const ports = new Map(await Promise.all(PORTS.map(async (port) => [port, await freePort()] as const)));
  const inside = (text: string): string =>
    text
      .replaceAll(/(?<![\w./])\/(var|srv)\//g, `${folder}/$1/`)
      .replaceAll(/\b\d{5}\b/g, (digits) => ports.get(digits) ?? digits);
  const [s3, glue, athena] = await Promise.all([
    startS3Server({ buckets: ["my-logs"], folder: join(folder, "buckets"), region: "eu-west-1" }),
    startGlueServer(),
    startWorkGroupServer(),
  ]);
  const env = {
    // The newer Node before what the system has, tools of ours before both.
    PATH: [join(folder, "bin"), dirname(process.execPath), "/usr/bin", "/bin"].join(":"),
    HOME: join(folder, "home"),
    TMPDIR: join(folder, "tmp"),
    LOGQ_STORE: ".logq/quickstart/store",
    NO_COLOR: "1",
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ENDPOINT_URL_GLUE: glue.endpoint,
    AWS_ENDPOINT_URL_ATHENA: athena.endpoint,
  };
  const run = (script: string): Promise<Ran> => runBash(script, folder, env);
  await shipSampleNode(folder, run);
  await makeAwsLogs(join(folder, "aws-logs"));
  return {
    folder,
    run,
    inside,
    async [Symbol.asyncDispose]() {
      await Promise.all([s3, glue, athena].map((server) => server[Symbol.asyncDispose]()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function makeTools(project: string, folder: string): void {
  for (const name of ["bin", "home", "tmp", "var/log", "buckets/my-logs"]) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const tool = (name: string, command: string): void => {
    writeFileSync(join(folder, "bin", name), `#!/bin/sh\nexec ${command} "$@"\n`);
    chmodSync(join(folder, "bin", name), 0o755);
  };
  for (const name of OTHER_TOOLS) tool(name, `node ${join(project, "test/docs/other-tool.ts")} ${name}`);
  for (const name of ["logq", "logq-agent"]) tool(name, join(project, `dist/${name}.cjs`));
}

/** The logs of 12 pods of the last ten minutes, and what the agent makes of them, in a directory and a bucket. */
async function shipSampleNode(folder: string, run: Sandbox["run"]): Promise<void> {
  const size = { pods: 12, sizes: "even", linesPerSecond: 20 } as const;
  const node = startLiveNode({ root: folder, ...size, seed: 1, startMs: Date.now() - 600_000, hard: false });
  node.step(600_000);
  node.end();
  const store = join(folder, ".logq/quickstart/store");
  const config = {
    service: { "storage.path": join(folder, "state"), cluster: "quickstart", hostname: "sample-node" },
    pipeline: {
      inputs: [{ name: "tail", tag: "kube.*", path: `${folder}/var/log/containers/*.log`, "multiline.parser": "cri" }],
      filters: [{ name: "kubernetes", match: "kube.*" }],
      outputs: [{ name: "directory", match: "*", path: store }],
    },
  };
  // JSON is YAML.
  writeFileSync(join(folder, "sample.yaml"), JSON.stringify(config));
  const { code, stderr } = await run("logq-agent -c sample.yaml --once");
  if (code !== 0) throw new Error(`ship the sample node: exit code ${code}\n${stderr}`);
  // `logs` is a store that a page may change.
  for (const place of ["buckets/my-logs", "buckets/my-logs/eks", "logs"]) {
    cpSync(store, join(folder, place), { recursive: true });
  }
}

/** What docs/aws-logs.md asks. */
async function makeAwsLogs(folder: string): Promise<void> {
  cpSync("test/fixtures/aws-logs", folder, { recursive: true });
  rmSync(join(folder, "eks_audit"), { recursive: true });
  await storeAudit(join(folder, "eks_audit"));
  await writeTrail(join(folder, "cloudtrail"));
  const alb = readdirSync(join(folder, "alb"), { recursive: true, withFileTypes: true });
  const some = alb.find(({ name }) => name.includes("_app."))!;
  const lines = readFileSync(join(some.parentPath, some.name), "utf8").split("\n");
  mkdirSync(join(folder, "torn"));
  writeFileSync(join(folder, "torn/app.log"), [...lines.slice(0, 3), lines[3]!.slice(0, 80)].join("\n"));
}

async function runBash(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  // A group of its own, so that what is left in the background can be ended.
  const child = spawn("bash", ["-c", script], { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => void (said[stream] += text));
  }
  const closed = once(child, "close");
  const [code] = (await once(child, "exit")) as [number | null];
  try {
    process.kill(-child.pid!, "SIGKILL");
  } catch {
    // Nothing is left.
  }
  await closed;
  return { code, ...said };
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return String(port);
}
