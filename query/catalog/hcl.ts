/** Terraform's language, as far as a resource needs it. */

/** One block: attributes, then nested blocks in order. */
export interface Block {
  /** `resource "aws_athena_workgroup" "logq"`, or `configuration`. */
  readonly head: string;
  /** Texts, numbers, booleans, maps of texts, and references to other resources. */
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly blocks?: readonly Block[];
}

type Attribute = string | number | boolean | { readonly map: Readonly<Record<string, string>> } | Reference;

interface Reference {
  /** Written as it is: `aws_glue_catalog_database.logq.name`. */
  readonly reference: string;
}

/** Writes a block as `terraform fmt` does. */
export function hclBlock(block: Block, indent = ""): string {
  const inner = `${indent}  `;
  const attributes = aligned(Object.entries(block.attributes), inner);
  const blocks = (block.blocks ?? []).map((each) => `\n${hclBlock(each, inner)}`);
  return `${indent}${block.head} {\n${attributes}${blocks.join("")}${indent}}\n`;
}

/** Equals signs stand below each other, up to an attribute of several lines. */
function aligned(attributes: readonly (readonly [string, Attribute])[], indent: string): string {
  let text = "";
  let group: (readonly [string, string])[] = [];
  const flush = (): void => {
    const width = Math.max(...group.map(([name]) => name.length));
    text += group.map(([name, value]) => `${indent}${name.padEnd(width)} = ${value}\n`).join("");
    group = [];
  };
  for (const [name, value] of attributes) {
    const written = valueText(value, indent);
    if (!written.includes("\n")) {
      group.push([name, written]);
      continue;
    }
    flush();
    text += `${indent}${name} = ${written}\n`;
  }
  flush();
  return text;
}

function valueText(value: Attribute, indent: string): string {
  if (typeof value === "string") return hclText(value);
  if (typeof value !== "object") return String(value);
  if ("reference" in value) return value.reference;
  const entries = Object.entries(value.map).map(([key, text]) => [hclText(key), text] as const);
  return `{\n${aligned(entries, `${indent}  `)}${indent}}`;
}

/** Templates begin with `${` and `%{`: doubled signs are text. */
function hclText(text: string): string {
  return JSON.stringify(text).replace(/[$%](?=\{)/g, (sign) => sign + sign);
}
