// What the licences of bundled packages ask for: their texts go with the bundles.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
const LICENCE_FILE = /^(licen[cs]e|copying|notice)([-.].*)?$/i;

/**
 * Names, versions and licences of the packages that `inputs` (paths of files) lie in: a text is written once, below all
 * that have it. Throws for a package that names no licence.
 */
export function noticesOf(inputs) {
  const folders = new Set(
    [...inputs].map((input) => PACKAGE.exec(input)?.[0]).filter((folder) => folder !== undefined),
  );
  const byText = new Map();
  for (const folder of [...folders].toSorted()) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (typeof license !== "string")
      throw new Error(`${folder}/package.json names no licence; look what may be done with it`);
    const texts = licenceTexts(folder);
    const text = texts === "" ? `${license}: https://spdx.org/licenses/${license}.html\n` : texts;
    byText.set(text, new Set([...(byText.get(text) ?? []), `${name} ${version} (${license})`]));
  }
  const sections = [...byText].map(([text, packages]) => `${[...packages].join("\n")}\n\n${text}`);
  return `logq contains these packages, under these licences.\n\n${sections.join(`\n${"-".repeat(80)}\n\n`)}`;
}

function licenceTexts(folder) {
  const files = readdirSync(folder)
    .filter((name) => LICENCE_FILE.test(name))
    .toSorted();
  return files.map((name) => readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n").trimStart()).join("\n");
}
