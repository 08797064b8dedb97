import { globSync, readFileSync } from "node:fs";
import { parseAst } from "vitest/node";

/** A node of the syntax tree, of which only what is asked for is known. */
interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface LogMessage {
  readonly file: string;
  readonly level: "error" | "warn";
  /** As it is logged, with `…` for what is put in; null where the call's text is not written in the same file. */
  readonly text: string | null;
}

/** What the sources below `folder` can log as error or warning, in order of the files. */
export function logMessages(folder: string): LogMessage[] {
  return globSync(`${folder}/**/*.ts`)
    .toSorted()
    .flatMap((file) => messagesOf(file, parseAst(readFileSync(file, "utf8"), { lang: "ts" }) as unknown as Node));
}

function messagesOf(file: string, tree: Node): LogMessage[] {
  const constants = new Map<string, Node>();
  const calls: { level: "error" | "warn"; message: Node }[] = [];
  walk(tree, (node) => {
    if (node.type === "VariableDeclarator" && node["init"] !== null)
      constants.set((node["id"] as { name?: string }).name ?? "", node["init"] as Node);
    const level = levelOf(node);
    const [, message] = (node["arguments"] ?? []) as Node[];
    if (level !== null && message !== undefined) calls.push({ level, message });
  });
  return calls.flatMap(({ level, message }) => textsOf(message, constants).map((text) => ({ file, level, text })));
}

/** `log.error(fields, text)`, `log.warn(…)`; a tail's `report(path, text)` is a warning that is said once. */
function levelOf(node: Node): "error" | "warn" | null {
  if (node.type !== "CallExpression") return null;
  const callee = node["callee"] as Node;
  const { name } = (callee["property"] ?? callee) as { name?: string };
  if (name === "report") return "warn";
  return callee.type === "MemberExpression" && (name === "error" || name === "warn") ? name : null;
}

function textsOf(node: Node, constants: ReadonlyMap<string, Node>): (string | null)[] {
  switch (node.type) {
    case "Literal":
      return typeof node["value"] === "string" ? [node["value"]] : [];
    case "TemplateLiteral":
      return [(node["quasis"] as { value: { cooked: string } }[]).map(({ value }) => value.cooked).join("…")];
    case "BinaryExpression":
      return textsOf(node["left"] as Node, constants).flatMap((left) =>
        textsOf(node["right"] as Node, constants).map((right) => `${left ?? "…"}${right ?? "…"}`),
      );
    case "ObjectExpression":
      return (node["properties"] as { value: Node }[]).flatMap(({ value }) => textsOf(value, constants));
    case "ConditionalExpression":
      return [node["consequent"], node["alternate"]].flatMap((branch) => textsOf(branch as Node, constants));
    case "MemberExpression":
      return textsOf(node["object"] as Node, constants);
    case "Identifier": {
      const value = constants.get(node["name"] as string);
      return value === undefined ? [null] : textsOf(value, constants);
    }
    default:
      return [null];
  }
}

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof child === "object" && child !== null && "type" in child) walk(child as Node, visit);
    }
  }
}
