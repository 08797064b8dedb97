import { expect, test } from "vitest";
import { packagesOf } from "../../bench/size.ts";

test("a bundle's bytes are summed by package, nested ones by their own name, ours by top folder, most first", () => {
  const inputs = {
    "agent/main.ts": { bytesInOutput: 5 },
    "agent/input/tail.ts": { bytesInOutput: 6 },
    "node_modules/yaml/dist/index.js": { bytesInOutput: 7 },
    "../node_modules/a/node_modules/@smithy/core/x.js": { bytesInOutput: 20 },
  };
  expect(packagesOf({ inputs })).toEqual([
    ["@smithy/core", 20],
    ["agent/", 11],
    ["yaml", 7],
  ]);
});
