import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { expandGlob } from "../../../../agent/input/tail/glob.ts";
import { watchFolders } from "../../../../agent/input/tail/watch.ts";
import { recordingLogger, tempFolder } from "../../fixture.ts";

/** Follows as the agent does: updates after each change. */
function watching(folders: readonly string[]) {
  const { log, lines } = recordingLogger();
  let changes = 0;
  const paths: (string | null)[] = [];
  const watch = watchFolders((path) => {
    changes++;
    paths.push(path);
  }, log);
  watch.update(folders);
  const announced = async (act: () => void) => {
    const before = changes;
    act();
    await vi.waitFor(() => expect(changes).toBeGreaterThan(before), { timeout: 5000, interval: 5 });
    watch.update(folders);
  };
  return { watch, lines, paths, announced, changes: () => changes };
}

test("a name that appears in a folder is announced, what is written to it is not", async () => {
  using folder = tempFolder();
  const { watch, announced, paths, changes } = watching([folder.path]);
  using _watch = watch;
  await announced(() => writeFileSync(join(folder.path, "a.log"), ""));
  const before = changes();
  writeFileSync(join(folder.path, "a.log"), "text");
  // The next name comes after the write.
  await announced(() => mkdirSync(join(folder.path, "b")));
  expect(changes()).toBe(before + 1);
  expect(new Set(paths)).toEqual(new Set([join(folder.path, "a.log"), join(folder.path, "b")]));
});

test("a folder that comes into being later is watched from then on, however deep it lies", async () => {
  using folder = tempFolder();
  const deep = join(folder.path, "a/b");
  const { watch, announced, lines } = watching([deep]);
  using _watch = watch;
  await announced(() => mkdirSync(join(folder.path, "a")));
  await announced(() => mkdirSync(deep));
  await announced(() => writeFileSync(join(deep, "x.log"), ""));
  expect(lines).toEqual([]);
});

test("a folder that is removed or replaced and made anew is watched again", async () => {
  using folder = tempFolder();
  const inner = join(folder.path, "a");
  mkdirSync(inner);
  const { watch, announced, lines } = watching([inner]);
  using _watch = watch;
  await announced(() => rmSync(inner, { recursive: true }));
  await announced(() => mkdirSync(inner));
  await announced(() => writeFileSync(join(inner, "x.log"), ""));
  await announced(() => renameSync(inner, join(folder.path, "old")));
  await announced(() => mkdirSync(inner));
  await announced(() => writeFileSync(join(inner, "y.log"), ""));
  expect(lines).toEqual([]);
});

test("a new pod's log is found by events alone under a pattern with wildcards in its folders", async () => {
  using folder = tempFolder();
  const pods = join(folder.path, "pods");
  mkdirSync(join(pods, "ns_old_uid/c"), { recursive: true });
  writeFileSync(join(pods, "ns_old_uid/c/0.log"), "");
  let mustLook = true;
  let looks = 0;
  let found: readonly string[] = [];
  using watch = watchFolders(() => (mustLook = true), recordingLogger().log);
  // As agent/follow.ts does.
  const lookIfTold = async () => {
    if (!mustLook) return;
    mustLook = false;
    looks++;
    const { paths, folders } = await expandGlob(join(pods, "*/*/*.log"), () => undefined);
    found = paths;
    if (watch.update(folders)) mustLook = true;
  };
  const seen = async (count: number) => {
    const before = looks;
    await vi.waitFor(
      async () => {
        await lookIfTold();
        expect(looks).toBeGreaterThan(before);
        expect(found.length).toBe(count);
        expect(mustLook).toBe(false);
      },
      { timeout: 5000, interval: 5 },
    );
  };
  await seen(1);
  mkdirSync(join(pods, "ns_new_uid"));
  await seen(1);
  mkdirSync(join(pods, "ns_new_uid/c"));
  writeFileSync(join(pods, "ns_new_uid/c/0.log"), "");
  await seen(2);
  mkdirSync(join(pods, "ns_late_uid/c"), { recursive: true });
  await seen(2);
  writeFileSync(join(pods, "ns_late_uid/c/0.log"), "");
  await seen(3);
});
