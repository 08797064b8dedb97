import type { Block } from "../docs/blocks.ts";
import { shellWords } from "../docs/shell-words.ts";

/** One script of bash of a page's blocks: files are written, each command is printed before it is run. */
export function newcomerScript(blocks: readonly Block[]): { script: string; commands: number } {
  const lines = [
    "set -eE -o pipefail",
    `trap 'status=$?; echo "failed with exit code $status: $BASH_COMMAND"; exit 1' ERR`,
  ];
  let commands = 0;
  for (const { language, text } of blocks) {
    const [, path] = /^# (\S+\.yaml)\n/.exec(text) ?? [];
    if (language === "yaml" && path !== undefined) {
      lines.push(`cat > ${path} <<'END OF FILE'`, text, "END OF FILE", `echo; echo '(${path} is written)'`);
    } else if (language === "sh") {
      for (const command of commandsOf(text)) {
        lines.push(`printf '\\n$ %s\\n' ${quoted(command)}`, command);
        commands++;
      }
    }
  }
  return { script: `${lines.join("\n")}\n`, commands };
}

/** A command ends with its line, unless a quote is open or its last character is `\`. */
function commandsOf(text: string): string[] {
  const commands: string[] = [];
  let rest = "";
  for (const line of text.split("\n")) {
    rest = rest === "" ? line : `${rest}\n${line}`;
    if (!isWhole(rest)) continue;
    if (rest.trim() !== "") commands.push(rest);
    rest = "";
  }
  if (rest !== "") throw new Error(`split the commands of a page: a quote is open in ${rest}`);
  return commands;
}

function isWhole(command: string): boolean {
  if (command.endsWith("\\")) return false;
  try {
    shellWords(command);
    return true;
  } catch {
    return false;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
