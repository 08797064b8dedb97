/** What the commands of a page are run as: one session of bash, as of somebody who follows the page from its top. */
import type { Block } from "./blocks.ts";

/**
 * `goes_on` runs what goes on by itself (a follower, the agent) until it has said something, and then Ctrl-C's it. An
 * error names the line of the page, since the session's script has each command at its line.
 */
export const PREAMBLE = String.raw`shopt -s expand_aliases
set -E -o pipefail
failed=0
trap 'status=$?; failed=1; echo "line $LINENO: exit code $status: $BASH_COMMAND" >&2' ERR
goes_on() {
  local said pid status=0
  said=$(mktemp)
  set -m
  eval "$1" >"$said" 2>&1 &
  pid=$!
  set +m
  for _ in $(seq 600); do
    if [ -s "$said" ] || ! kill -0 $pid 2>/dev/null; then break; fi
    sleep 0.1
  done
  kill -INT -- -$pid 2>/dev/null || true
  wait $pid || status=$?
  [ $status = 0 ] || [ $status = 130 ] || { cat "$said" >&2; return $status; }
}
`;

/** The script of a page: each command at the line at which the page has it. */
export function sessionScript(blocks: readonly Block[]): string {
  const lines: string[] = [];
  for (const { line, text } of blocks) {
    while (lines.length < line - 1) lines.push("");
    lines.push(...text.split("\n").map(asRun));
  }
  return `${lines.join("\n")}\nexit $failed\n`;
}

/** A command of a `console` block, and what it prints on both streams. */
export interface Exchange {
  readonly command: string;
  readonly said: string;
}

export function exchanges({ text }: Block): Exchange[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const lines = part.split("\n");
      // A command goes on while a quote is open.
      let count = 1;
      while (count < lines.length && lines.slice(0, count).join("").split('"').length % 2 === 0) count++;
      return { command: lines.slice(0, count).join("\n"), said: lines.slice(count).join("\n") };
    });
}

/** What is no command to end by itself is made one; what reads a terminal is given a query. */
function asRun(line: string): string {
  const [, command = ""] = /^(.*?)(\s+#.*)?$/.exec(line) ?? [];
  const goesOn =
    /^logq\b.* (-f|--follow)\b/.test(command) ||
    /^logq ui\b/.test(command) ||
    /^\S*logq-agent(\.cjs)? -c \S+$/.test(command);
  if (goesOn) return `goes_on '${command.replaceAll("'", String.raw`'\''`)}'`;
  return command === "logq" ? "echo 'select 1' | logq" : line;
}
