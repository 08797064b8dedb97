import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { FILTERS, INPUTS, OUTPUTS } from "../../config/registry.ts";

const pages = ["CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"];

describe.each(pages)("%s", (page) => {
  const text = readFileSync(page, "utf8");

  test("names npm scripts that there are", () => {
    const scripts = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!);
    expect(scripts.filter((name) => !Object.hasOwn(packageJson.scripts, name))).toEqual([]);
  });

  test("links to files that there are", () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path!);
    expect(links.filter((path) => !existsSync(path))).toEqual([]);
  });
});

test("CHANGELOG.md names every plugin of the first version", () => {
  const text = readFileSync("CHANGELOG.md", "utf8");
  const names = [INPUTS, FILTERS, OUTPUTS].flatMap((kind) => Object.keys(kind));
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});
