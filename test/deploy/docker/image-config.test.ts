import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AGENT, imageConfig, LOGQ, type ImageConfig } from "../../../deploy/docker/image-config.ts";

const ROOT = new URL("../../../", import.meta.url);

const pair = (text: string) => text.split(/=(.*)/s, 2) as [string, string];

/** What the instructions of a Dockerfile's stage make of an image. */
function configOf(stage: string): ImageConfig {
  const all = (name: string) => [...stage.matchAll(new RegExp(`^${name} (.*)$`, "gm"))].map(([, rest]) => rest!);
  return {
    User: all("USER")[0]!,
    ExposedPorts: Object.fromEntries(all("EXPOSE").map((port) => [port, {}])),
    Env: all("ENV"),
    Entrypoint: JSON.parse(all("ENTRYPOINT")[0]!) as string[],
    Labels: Object.fromEntries(all("LABEL").map((text) => [pair(text)[0], JSON.parse(pair(text)[1]) as string])),
  };
}

const STAGES = readFileSync(new URL("deploy/docker/Dockerfile", ROOT), "utf8").split(/^FROM /m);

test.each([
  { program: AGENT, stage: STAGES.at(-1)! },
  { program: LOGQ, stage: STAGES.find((each) => each.startsWith("scratch AS logq\n"))! },
])("the Dockerfile runs $program.name as its launcher asks for, and as the assembled image does", (each) => {
  const launcher = readFileSync(new URL(`dist/${each.program.files[0]}`, ROOT), "utf8");
  const config = imageConfig(each.program, launcher);
  expect(configOf(each.stage)).toEqual(config);
  const words = [...config.Env.slice(1), "node", ...config.Entrypoint.slice(1, -1)];
  expect(launcher.split("\n")[0]).toBe(`#!/usr/bin/env -S ${words.join(" ")}`);
});

test("a launcher whose first line does not name node is refused", () => {
  expect(() => imageConfig(AGENT, "#!/bin/sh\n")).toThrow("its first line does not name node; run npm run build");
});
