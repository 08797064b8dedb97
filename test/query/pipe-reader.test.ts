import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { readerGone } from "../../query/pipe-reader.ts";

/** Prints to stderr that it watches, then that its reader has gone; ends some looks after a word on stdin. */
const WATCHER = `
  import { readerGone } from ${JSON.stringify(new URL("../../query/pipe-reader.ts", import.meta.url).href)};
  readerGone(1, 20).addEventListener("abort", () => { process.stderr.write("gone\\n"); process.exit(); });
  process.stderr.write("watching\\n");
  process.stdin.once("data", () => setTimeout(() => { process.stderr.write("nothing\\n"); process.exit(); }, 200));
`;

const isLinux = existsSync("/proc/self/fdinfo");

/** What the watcher says while the shell's words run; the readers wait for a line on descriptor 4, or 5. */
async function pipeline(words: string) {
  const child = spawn("sh", ["-c", words], {
    env: { ...process.env, WATCHER },
    stdio: ["pipe", "ignore", "pipe", "ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr!.on("data", (chunk: Buffer) => (said += String(chunk)));
  const says = (line: string) => expect.poll(() => said, { timeout: 20_000 }).toContain(line);
  const [askWatcher, , , , release, releaseOther] = child.stdio as unknown as NodeJS.WritableStream[];
  await says("watching");
  return { says, said: () => said, askWatcher: askWatcher!, release: release!, releaseOther: releaseOther! };
}

const WATCH = `"${process.execPath}" --input-type=module -e "$WATCHER"`;

test.runIf(isLinux).each([
  ["beside it", `${WATCH} | (exec 1>&2; read x <&4)`],
  ["in a script of its own", `(${WATCH}; true) | (exec 1>&2; read x <&4)`],
  ["that became another program", `${WATCH} | exec sh -c 'read x <&4'`],
])("a reader %s that goes is noticed, although nothing is written", async (_, words) => {
  const { says, said, release } = await pipeline(words);
  expect(said()).not.toContain("gone");
  release.write("go\n");
  await says("gone");
});

test.runIf(isLinux)("a reader that leaves the pipe to another process has not gone", async () => {
  const { says, said, release, releaseOther, askWatcher } = await pipeline(
    `${WATCH} | sh -c 'exec 3<&0; (read y <&5) <&3 & read x <&4; echo left >&2'`,
  );
  release.write("go\n");
  await says("left");
  askWatcher.write("still\n");
  await says("nothing");
  expect(said()).not.toContain("gone");
  releaseOther.write("go\n");
});

test("what is no pipe has no reader that could go", () => {
  expect(readerGone(2 ** 20).aborted).toBe(false);
});
