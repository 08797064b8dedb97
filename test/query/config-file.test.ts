import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { rememberStore, resolveStore } from "../../query/config-file.ts";

test("--store goes before LOGQ_STORE, and that before the remembered store", async () => {
  const env = await settings(`{"store": "/remembered"}`);
  expect(await resolveStore("given", { ...env, LOGQ_STORE: "/env" }, "/work")).toBe("/work/given");
  expect(await resolveStore(null, { ...env, LOGQ_STORE: "/env" }, "/work")).toBe("/env");
  expect(await resolveStore(null, { ...env, LOGQ_STORE: "" }, "/work")).toBe("/remembered");
});

test("a store is remembered beside other settings, once", async () => {
  const env = await settings(`{"theme": "dark"}`);
  const path = join(env.XDG_CONFIG_HOME, "logq", "config.json");
  expect(await rememberStore("/logs", env)).toBe(path);
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ theme: "dark", store: "/logs" });
  expect(await rememberStore("/logs", env)).toBeNull();
});

test("without XDG_CONFIG_HOME the settings lie in ~/.config", async () => {
  const home = await temporary();
  expect(await rememberStore("/logs", { HOME: home, XDG_CONFIG_HOME: "relative" })).toBe(
    join(home, ".config/logq/config.json"),
  );
});

test.each([
  ["s3://bucket/prefix", "store s3://bucket/prefix: S3 is not in this version"],
  ["gs://bucket", "store gs://bucket: not a kind of store that logq knows"],
])("%s is refused", async (store, message) => {
  await expect(resolveStore(store, {}, "/")).rejects.toThrow(expect.objectContaining({ message, exitCode: 2 }));
});

test("no store at all says how to name one", async () => {
  const refusal = expect.objectContaining({
    message: "no store is known",
    hint: expect.stringContaining("--store ./logs"),
  });
  await expect(resolveStore(null, await settings("{}"), "/")).rejects.toThrow(refusal);
});

test.each(["[1]", "{", "null"])("settings that read %s are refused by name", async (text) => {
  const env = await settings(text);
  await expect(resolveStore(null, env, "/")).rejects.toThrow(`cannot read ${env.XDG_CONFIG_HOME}/logq/config.json`);
});

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
