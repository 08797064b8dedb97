import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { USAGE as AGENT_USAGE } from "../../agent/command.ts";
import { FILTERS, INPUTS, OUTPUTS } from "../../config/registry.ts";
import { SERVICE } from "../../config/service.ts";
import { manualPages } from "../../man/generate.ts";
import { roffLines, roffTerm, roffText } from "../../man/roff.ts";
import { COMMANDS } from "../../query/commands/registry.ts";
import { OPTION_TABLE } from "../../query/options.ts";
import { USAGE } from "../../query/usage.ts";
import packageJson from "../../package.json" with { type: "json" };

const pages = await manualPages();
const query = readable(pages["logq.1"]!);
const agent = readable(pages["logq-agent.1"]!);

function words(text: string): string[] {
  return text.split(/\s+/);
}

/** A page without the signs of roff. */
function readable(page: string): string {
  return page
    .replaceAll(/\\f[BR]/g, "")
    .replaceAll(/\\\[u([0-9A-F]+)\]/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replaceAll(String.raw`\-`, "-")
    .replaceAll(String.raw`\&`, "")
    .replaceAll(String.raw`\e`, "\\");
}

test.each(Object.entries(pages))("man/%s is what npm run docs writes, and is published", (name, text) => {
  expect(readFileSync(`man/${name}`, "utf8")).toBe(text);
  expect(packageJson.man).toContain(`./man/${name}`);
});

test("logq(1) has every line of --help but the synopsis' indentation", () => {
  const lines = USAGE.split("\n").map((line) => line.replace(/^(?:Usage: | {7}|Exit: )/, "").trim());
  expect(lines.filter((line) => !query.includes(line))).toEqual([]);
});

test("logq(1) has every option and every command with its help", async () => {
  expect(Object.keys(OPTION_TABLE).filter((name) => !query.includes(`--${name}`))).toEqual([]);
  const helps = Object.entries(COMMANDS).map(async ([name, command]) => ({
    name,
    help: (await command.load()).help,
  }));
  const missing = (await Promise.all(helps)).filter(({ help }) => !query.includes(help.trim()));
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test("logq-agent(1) has every word of --help, and every option of the configuration", () => {
  const there = new Set(words(agent));
  expect(words(AGENT_USAGE).filter((word) => word !== "Usage:" && !there.has(word))).toEqual([]);
  const groups = [
    SERVICE,
    ...[INPUTS, FILTERS, OUTPUTS].flatMap((kind) => Object.values(kind).map((each) => each.group)),
  ];
  const names = groups.flatMap(({ options }) => Object.keys(options));
  expect(names.filter((name) => !agent.includes(`.TP\n${name}\n`))).toEqual([]);
});

describe("roff", () => {
  test("shows text as it is: requests, escapes, hyphens, other letters", () => {
    expect(roffText(".so x\n'br\n\\n -C `log` …")).toBe("\\&.so x\n\\&'br\n\\en \\-C \\fBlog\\fR \\[u2026]");
  });

  test("keeps lines in their layout, and sets terms apart", () => {
    expect(roffLines("a\n  b\n")).toBe(".nf\na\n  b\n.fi\n");
    expect(roffTerm("--dry-run", "Reads.")).toBe(".TP\n\\fB\\-\\-dry\\-run\\fR\nReads.\n");
  });
});
