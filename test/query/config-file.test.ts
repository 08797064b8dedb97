import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { changeSettings, readSettings } from "../../query/config-file.ts";

test("settings are changed beside others, once", async () => {
  const env = await settings(`{"theme": "dark"}`);
  const path = join(env.XDG_CONFIG_HOME, "logq", "config.json");
  expect(await changeSettings(env, remember)).toBe(path);
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ theme: "dark", store: "/logs" });
  expect(await changeSettings(env, remember)).toBeNull();
});

test("without XDG_CONFIG_HOME the settings lie in ~/.config", async () => {
  const home = await temporary();
  expect(await changeSettings({ HOME: home, XDG_CONFIG_HOME: "relative" }, remember)).toBe(
    join(home, ".config/logq/config.json"),
  );
});

test.each(["[1]", "{", "null"])("settings that read %s are refused by name", async (text) => {
  const env = await settings(text);
  await expect(readSettings(env)).rejects.toThrow(`cannot read ${env.XDG_CONFIG_HOME}/logq/config.json`);
});

const remember = (old: object) => ({ ...old, store: "/logs" });

async function settings(text: string): Promise<{ XDG_CONFIG_HOME: string }> {
  const base = await temporary();
  await mkdir(join(base, "logq"));
  await writeFile(join(base, "logq", "config.json"), text);
  return { XDG_CONFIG_HOME: base };
}

async function temporary(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "logq-config-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}
