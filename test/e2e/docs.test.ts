import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parseAllDocuments } from "yaml";
import packageJson from "../../package.json" with { type: "json" };
import { exchanges, PREAMBLE, sessionScript } from "../docs/session.ts";
import { fencedBlocks, RUN_LANGUAGES, type Block } from "../docs/blocks.ts";
import { makeSandbox, type Ran, type Sandbox } from "../docs/sandbox.ts";
import { wholeConfig } from "../docs/whole-config.ts";
import { runLogq } from "../query/run-logq.ts";

const pages = pagesOfDocs().map((path) => ({ path, markdown: readFileSync(path, "utf8") }));
const blocks = pages.flatMap(({ path, markdown }) => fencedBlocks(markdown).map((block) => ({ path, ...block })));
const shown = blocks.filter(({ language, notRun }) => RUN_LANGUAGES.includes(language) && notRun === null);
const at = ({ path, line }: { path: string; line: number }): string => `${path}:${line}`;
const those = (...languages: string[]): { place: string; block: Block & { path: string } }[] =>
  shown.filter(({ language }) => languages.includes(language)).map((block) => ({ place: at(block), block }));

let sandbox: Sandbox;

vi.setConfig({ hookTimeout: 300_000 });
beforeAll(async () => {
  sandbox = await makeSandbox();
  // Pages speak of these files as if they were there.
  mkdirSync(join(sandbox.folder, "try"));
  for (const { text } of shown) {
    const [, name] = /^# ([\w/-]+\.(?:yaml|conf))\n/.exec(text) ?? [];
    if (name !== undefined) writeFileSync(join(sandbox.folder, name), sandbox.inside(text));
  }
});
afterAll(() => sandbox[Symbol.asyncDispose]());

test("every fenced block says its language, and every prompt is in a block that is run", () => {
  expect(blocks.filter(({ language }) => language === "").map(at)).toEqual([]);
  const output = blocks.filter(({ language }) => !RUN_LANGUAGES.includes(language));
  expect(output.filter(({ text }) => /^\$ /m.test(text)).map(at)).toEqual([]);
});

test("what can't be run says why", () => {
  const left = blocks.filter(({ language, notRun }) => RUN_LANGUAGES.includes(language) && notRun !== null);
  const list = left.map((block) => `  ${at(block)}  ${block.notRun}`);
  process.stdout.write(`${shown.length} blocks of the docs are run, ${left.length} are not:\n${list.join("\n")}\n`);
  for (const { notRun } of left) expect(notRun!.length).toBeGreaterThan(15);
  expect(left.length).toBeLessThan(shown.length / 10);
});

test("every npm script that a page names is there", () => {
  const named = pages.flatMap(({ path, markdown }) =>
    Array.from(markdown.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g), ([, script, short]) => ({
      path,
      script: script ?? short!,
    })),
  );
  expect(named.filter(({ script }) => !(script in packageJson.scripts))).toEqual([]);
});

// The cookbook has a test of its own (test/docs/cookbook.test.ts), which compares what it answers, too.
const withCommands = those("sh", "bash").filter(({ block }) => block.path !== "docs/cookbook.md");
test.each(
  Array.from(
    Map.groupBy(withCommands, ({ block }) => block.path),
    ([path, of]) => ({ path, of }),
  ),
)("the commands of $path run, one after the other", async ({ path, of }) => {
  const script = sandbox.inside(sessionScript(of.map(({ block }) => block)));
  writeFileSync(join(sandbox.folder, "session.sh"), script);
  writeFileSync(join(sandbox.folder, "preamble.sh"), PREAMBLE);
  const { code, stderr } = await sandbox.run(". ./preamble.sh; . ./session.sh");
  expect(code, `${path}: ${stderr.slice(-2000)}`).toBe(0);
});

test.each(those("console").flatMap(({ place, block }) => exchanges(block).map((exchange) => ({ place, ...exchange }))))(
  "$place: $command says what the page shows",
  async ({ command, said }) => {
    const { stdout, stderr }: Ran = await sandbox.run(sandbox.inside(command));
    expect(withoutNumbers(`${stdout}${stderr}`)).toBe(withoutNumbers(said));
  },
);

test.each(those("yaml", "conf"))("$place is what the agent takes", async ({ block }) => {
  const { language, text } = block;
  const config = language === "conf" ? text : wholeConfig(text);
  if (config === null) {
    expectManifest(text);
    return;
  }
  const name = `shown.${language}`;
  writeFileSync(
    join(sandbox.folder, name),
    sandbox.inside(typeof config === "string" ? config : JSON.stringify(config)),
  );
  const { code, stderr } = await sandbox.run(`logq-agent -c ${name} --dry-run`);
  expect({ code, stderr }).toMatchObject({ code: 0 });
});

test("every statement of a page is taken by both engines", async () => {
  const store = join(sandbox.folder, ".logq/quickstart/store");
  for (const { place, block } of those("sql")) {
    for (const sql of block.text.split(/;\s*$/m).filter((text) => text.trim() !== "")) {
      for (const engine of [[], ["-e", "athena", "--cluster", "prod"]]) {
        const { code, stderr } = await runLogq([...engine, "--explain", sql.trim()], { env: { LOGQ_STORE: store } });
        expect({ place, code, stderr }).toEqual({ place, code: 0, stderr: "" });
      }
    }
  }
});

test.each(those("json"))("$place is JSON", ({ block }) => {
  expect(() => JSON.parse(block.text)).not.toThrow();
});

/** Kubernetes' objects: `npm run test:kube` asks an API server of those in deploy/. */
function expectManifest(text: string): void {
  for (const document of parseAllDocuments(text)) {
    expect(document.errors).toEqual([]);
    expect(document.toJS()).toMatchObject({ apiVersion: expect.any(String), kind: expect.any(String) });
  }
}

/** Sizes, times and hashes differ from run to run; words don't. */
function withoutNumbers(said: string): string {
  return said.replaceAll(/\d[\d.,:TZ-]*/g, "N").trimEnd();
}

function pagesOfDocs(): string[] {
  const inFolder = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return folder.startsWith("deploy") ? inFolder(path) : [];
      return path.endsWith(".md") ? [path] : [];
    });
  // docs/decisions tell what was tried once; ARCHITECTURE.md has no commands.
  return [".", "docs", "deploy"].flatMap(inFolder);
}
