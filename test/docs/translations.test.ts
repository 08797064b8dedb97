import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const english = readFileSync("README.md", "utf8");
const chinese = readFileSync("README.zh-CN.md", "utf8");

/** What is in fences, without comments, which are translated. */
function blocks(page: string): string[] {
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) =>
    language === "sh" || language === "yaml" ? text!.replaceAll(/ *(?<=^|\s)#.*$/gm, "") : text!,
  );
}

/** How many headings, tables and their rows there are, in their order. */
function shape(page: string): string[] {
  return [...outside(page).matchAll(/^(?:(#+) |(\|))/gm)].map(([, heading]) => heading ?? "row");
}

function outside(page: string): string {
  return page.replaceAll(/^```[\s\S]*?^```$/gm, "");
}

function all(page: string, pattern: RegExp): string[] {
  return [...page.matchAll(pattern)].map(([, text]) => text!).toSorted();
}

describe("README.zh-CN.md is README.md in Chinese:", () => {
  test("the same commands and configurations", () => {
    expect(blocks(english).length).toBeGreaterThan(7);
    expect(blocks(chinese)).toEqual(blocks(english));
  });

  test("the same sections and tables", () => {
    expect(shape(chinese)).toEqual(shape(english));
  });

  test("the same links, but for those between the two", () => {
    const links = /\]\(((?!README)[^)]+)\)/g;
    expect(all(chinese, links)).toEqual(all(english, links));
  });

  test("the same code in the text, and the same figures", () => {
    const code = /`([^`\n]+)`/g;
    expect([...new Set(all(outside(chinese), code))]).toEqual([...new Set(all(outside(english), code))]);
    // 281 million is 2.81亿.
    const figures = /(\d[\d,]*\d{3})\b/g;
    expect([...new Set(all(outside(chinese), figures))]).toEqual([...new Set(all(outside(english), figures))]);
  });
});
