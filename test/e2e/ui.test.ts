/** `logq ui` as it is installed: the bundle, its page beside it, signals, ports, and commands to copy in a real shell. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeStore } from "../helpers/store.ts";
import { runLogq } from "../query/run-logq.ts";

const LOGQ = new URL("../../dist/logq.cjs", import.meta.url).pathname;

let folder: string;
let store: string;
let env: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "logq-ui-e2e-"));
  store = join(folder, "it's a store");
  await makeStore(store);
  // `logq`, as a shell finds it.
  writeFileSync(join(folder, "logq"), `#!/bin/sh\nexec "${process.execPath}" --expose-gc "${LOGQ}" "$@"\n`);
  chmodSync(join(folder, "logq"), 0o755);
  env = {
    PATH: `${folder}:${process.env["PATH"]}`,
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, "config"),
    XDG_STATE_HOME: join(folder, "state"),
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Started extends AsyncDisposable {
  readonly url: URL;
  readonly stderr: () => string;
  ask(path: string, args?: readonly string[]): Promise<Response>;
  /** Signals it; its exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

async function startUi(...args: readonly string[]): Promise<Started> {
  const child = spawn(join(folder, "logq"), ["ui", ...args], { env, cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const texts = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (texts.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (texts.stderr += chunk.toString()));
  const closed = once(child, "close");
  await expect.poll(() => texts.stdout + texts.stderr, { timeout: 60_000 }).toContain("\n");
  const url = new URL(texts.stdout.trim());
  const login = await fetch(url, { redirect: "manual" });
  const headers = { Cookie: login.headers.get("set-cookie")!.split(";")[0]!, "Content-Type": "application/json" };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return (await closed)[0] as number | null;
  };
  return {
    url,
    end,
    stderr: () => texts.stderr,
    ask: async (path, asked) =>
      await fetch(
        new URL(path, url),
        asked === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify({ args: asked }) },
      ),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) await end("SIGKILL");
    },
  };
}

test("the page lies beside the bundle, and Ctrl-C ends the server and what it runs", async () => {
  await using ui = await startUi(
    "--port",
    "0",
    "--store",
    "it's a store",
    "--since",
    "1h",
    "-n",
    "shop",
    "level >= warn",
  );
  expect(ui.url.hostname).toBe("127.0.0.1");
  for (const [path, type, text] of [
    ["/", "text/html; charset=utf-8", '<script type="module" src="/main.js">'],
    ["/main.js", "text/javascript; charset=utf-8", "/api/run"],
    ["/style.css", "text/css; charset=utf-8", "{"],
  ] as const) {
    const response = await ui.ask(path);
    expect(response.headers.get("content-type")).toBe(type);
    expect(await response.text()).toContain(text);
  }
  expect(await (await ui.ask("/api/session")).json()).toMatchObject({
    store,
    args: ["--since=1h", "--namespace=shop", "level >= warn"],
  });
  expect(ui.stderr()).toBe(`logq: the page shows ${store} to who has this link; Ctrl-C ends\n`);
  const following = await ui.ask("/api/run", ["-f", "--limit", "1", "select *"]);
  const reader = following.body!.getReader();
  await reader.read();
  expect(await ui.end("SIGINT")).toBe(130);
  await expect(reader.closed).rejects.toThrow(/./);
});

test("a port that is taken: by number a mistake, else another one is found", async () => {
  await using first = await startUi("--store", store, "--port", "0");
  const taken = first.url.port;
  const ran = spawn(join(folder, "logq"), ["ui", "--store", store, "--port", taken], { env });
  let stderr = "";
  ran.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  expect(await once(ran, "close")).toEqual([4, null]);
  expect(stderr).toBe(
    `logq: cannot listen on 127.0.0.1:${taken}: another program listens there (an earlier logq ui?)\n  name another one: --port 0 takes any\n`,
  );
  await using usual = await startUi("--store", store);
  await using other = await startUi("--store", store);
  expect(other.url.port).not.toBe(usual.url.port);
});

test("a copied command gives the same rows in a shell, whatever it is made of", async () => {
  await using ui = await startUi("--port", "0", "--store", "it's a store", "-z", "Asia/Shanghai");
  const elsewhere = mkdtempSync(join(tmpdir(), "logq-elsewhere-"));
  const hostile = `it's "\\" $(touch ${elsewhere}/x) \`touch ${elsewhere}/y\` $HOME !! \\n \n\t支付 😀 \u202e`;
  for (const args of [
    ["-n", "shop", "--limit", "5", "--fields", "ts,pod,log"],
    [
      "-z",
      "Asia/Shanghai",
      "--",
      `-- the ones of web\nselect ts, log,\n  '${hostile.replaceAll("'", "''")}' as a\nwhere pod = 'nginx'`,
    ],
    ["--param", `x=${hostile}`, "select $x as x, count(*) as n where log like '%支付%' or log = $x"],
    ["-g", "it's", "-C", "1", "--limit", "2"],
    ["hist", "--by", "none", "--interval", "1h", "level is null or level <> '$HOME'"],
    ["values", "labels['app.kubernetes.io/name']"],
  ]) {
    const { command } = (await (await ui.ask("/api/command", args)).json()) as { command: string };
    const { stdout } = await promisify(execFile)("/bin/sh", ["-c", command], { env, cwd: elsewhere });
    const body = await (await ui.ask("/api/run", args)).text();
    const rows = body.split(/(?<=\n)/).filter((line) => line.startsWith("{"));
    expect(rows.length, command).toBeGreaterThan(0);
    expect(stdout).toBe(rows.join(""));
  }
  expect(await promisify(execFile)("ls", ["-A", elsewhere])).toMatchObject({ stdout: "" });
  rmSync(elsewhere, { recursive: true });
});

test("a context is part of the commands, by its name", async () => {
  const settings = join(folder, "settings");
  const contexts = { here: { store, cluster: "prod" } };
  await promisify(execFile)("mkdir", ["-p", join(settings, "logq")]);
  writeFileSync(join(settings, "logq/config.json"), JSON.stringify({ context: "here", contexts }));
  env["XDG_CONFIG_HOME"] = settings;
  await using ui = await startUi("--port", "0", "--max-scan", "2GB");
  env["XDG_CONFIG_HOME"] = join(folder, "config");
  const { command } = (await (await ui.ask("/api/command", ["select *"])).json()) as { command: string };
  expect(command).toBe('logq --context=here --max-scan=2GB "select *"');
});

test("a browser is opened on a terminal, unless --no-open says not to", async () => {
  for (const [args, terminal, opened] of [
    [[], "both", 1],
    [["--no-open"], "both", 0],
    [[], "none", 0],
  ] as const) {
    const urls: string[] = [];
    const signal = AbortSignal.abort();
    const ran = await runLogq(["ui", "--port", "0", "--store", store, ...args], {
      terminal,
      signal,
      openBrowser: (url) => urls.push(url),
    });
    expect(urls).toEqual(Array.from({ length: opened }, () => ran.stdout.trim()));
    expect(ran.stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}\n$/);
  }
});

test.each<[what: string, args: string[], message: string]>([
  ["no store", [], "no store is known"],
  ["an output format", ["--store", "x", "-o", "csv"], "ui --output: says nothing to the page"],
  ["a port that is none", ["--store", "x", "--port", "http"], "--port http: not a port"],
  ["a context that does not exist", ["--context", "x"], "no context is called x"],
])("%s: a mistake before anything listens", async (_, args, message) => {
  const ran = await runLogq(["ui", ...args]);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain(`logq: ${message}`);
});
