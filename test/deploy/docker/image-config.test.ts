import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { imageConfig, type ImageConfig } from "../../../deploy/docker/image-config.ts";

const ROOT = new URL("../../../", import.meta.url);

const pair = (text: string) => text.split(/=(.*)/s, 2) as [string, string];

/** What the instructions of a Dockerfile's last stage make of an image. */
function configOf(dockerfile: string): ImageConfig {
  const stage = dockerfile.split(/^FROM /m).at(-1)!;
  const all = (name: string) => [...stage.matchAll(new RegExp(`^${name} (.*)$`, "gm"))].map(([, rest]) => rest!);
  return {
    User: all("USER")[0]!,
    ExposedPorts: Object.fromEntries(all("EXPOSE").map((port) => [port, {}])),
    Env: all("ENV"),
    Entrypoint: JSON.parse(all("ENTRYPOINT")[0]!) as string[],
    Labels: Object.fromEntries(all("LABEL").map((text) => [pair(text)[0], JSON.parse(pair(text)[1]) as string])),
  };
}

test("the Dockerfile runs the agent as its launcher asks for, and as the assembled image does", () => {
  const launcher = readFileSync(new URL("dist/logq-agent.cjs", ROOT), "utf8");
  const config = imageConfig(launcher);
  expect(configOf(readFileSync(new URL("deploy/docker/Dockerfile", ROOT), "utf8"))).toEqual(config);
  const words = [...config.Env.slice(1), "node", ...config.Entrypoint.slice(1, -1)];
  expect(launcher.split("\n")[0]).toBe(`#!/usr/bin/env -S ${words.join(" ")}`);
});

test("a launcher whose first line does not name node is refused", () => {
  expect(() => imageConfig("#!/bin/sh\n")).toThrow("its first line does not name node; run npm run build");
});
