/** Shell completion, generated from the options and the commands. */

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export interface Completable {
  /** Options by long name. */
  readonly options: Readonly<Record<string, CompletableOption>>;
  /** Commands and what they do. */
  readonly commands: Readonly<Record<string, { readonly summary: string }>>;
  /** What may stand after a command, by its name. */
  readonly commandWords: Readonly<Record<string, readonly string[]>>;
}

export interface CompletableOption {
  readonly short?: string;
  /** Null for a switch. `column`: values of that column in the store, asked of logq itself; `fields`: names of columns. */
  readonly takes: null | "text" | "directory" | { readonly words: readonly string[] } | { readonly column: string };
}

/** The script that makes a shell complete `logq`; it is sourced by the shell's start files. */
export function completionScript(shell: Shell, what: Completable): string {
  return SCRIPTS[shell](what);
}

const SCRIPTS: Readonly<Record<Shell, (what: Completable) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Plain bash 3.2: no bash-completion package is needed. */
function bashScript({ options, commands, commandWords }: Completable): string {
  const cases = Object.entries(options).flatMap(([name, option]) => {
    const reply = bashReply(option);
    return reply === null ? [] : [`    ${flags(name, option).join("|")}) ${reply}; return ;;`];
  });
  const words = Object.entries(commandWords).map(([name, list]) => `      ${name}) _logq_words '${list.join(" ")}' ;;`);
  return `# bash completion of logq. In ~/.bashrc:  source <(logq completion bash)
_logq_words() {
  local IFS=$' \\t\\n'
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}
_logq_values() {
  # A list of names completes its last one.
  local done=""
  case "$cur" in *,*) done="\${cur%,*}," ;; esac
  local value
  COMPREPLY=()
  # Not by a list of words, in which a * would become the names of files.
  while IFS= read -r value; do
    COMPREPLY+=("$done$(printf '%q' "$value")")
  done < <("\${COMP_WORDS[0]}" completion values "$1" "\${cur##*,}" -- "\${COMP_WORDS[@]:1}" 2>/dev/null)
}
_logq() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev=""
  [ "$COMP_CWORD" -gt 0 ] && prev="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  # bash makes three words of --output=json.
  if [ "$cur" = "=" ]; then cur=""
  elif [ "$prev" = "=" ] && [ "$COMP_CWORD" -gt 1 ]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  case "$prev" in
${cases.join("\n")}
  esac
  case "$cur" in
    -*) _logq_words '${allFlags(options).join(" ")}'; return ;;
    @*) _logq_words "$("\${COMP_WORDS[0]}" saved -o raw 2>/dev/null | sed 's/^/@/')"; return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    _logq_words '${Object.keys(commands).join(" ")}'
  elif [ "$COMP_CWORD" -eq 2 ]; then
    case "\${COMP_WORDS[1]}" in
${words.join("\n")}
    esac
  fi
}
complete -F _logq logq
`;
}

function bashReply({ takes }: CompletableOption): string | null {
  if (takes === null) return null;
  if (takes === "text") return ":";
  if (takes === "directory")
    return "local IFS=$'\\n'; COMPREPLY=($(compgen -d -- \"$cur\")); compopt -o filenames 2>/dev/null";
  return "words" in takes ? `_logq_words '${takes.words.join(" ")}'` : `_logq_values ${takes.column}`;
}

function zshScript({ options, commands, commandWords }: Completable): string {
  const specs = Object.entries(options).map(([name, option]) => {
    const names = flags(name, option);
    const action = zshAction(name, option);
    const both = names.length > 1 ? `'(${names.join(" ")})'{${names.join(",")}}'` : `'${names[0]}`;
    return `    ${both}${action}'`;
  });
  const summaries = Object.entries(commands).map(([name, { summary }]) => `    ${zshQuote(`${name}:${summary}`)}`);
  const words = Object.entries(commandWords).map(([name, list]) => `    ${name}) compadd -- ${list.join(" ")} ;;`);
  return `#compdef logq
# zsh completion of logq. In ~/.zshrc, after compinit:  source <(logq completion zsh)
_logq_values() {
  local -a found
  found=("\${(@f)$(\${words[1]} completion values "$1" "$PREFIX" -- "\${(@)words[2,-1]}" 2>/dev/null)}")
  compadd -- $found
}
_logq_first() {
  local -a commands
  commands=(
${summaries.join("\n")}
  )
  _describe command commands
  compadd -- \${(f)"$(\${words[1]} saved -o raw 2>/dev/null | sed 's/^/@/')"}
}
_logq_second() {
  case "\${words[2]}" in
${words.join("\n")}
  esac
}
_logq() {
  _arguments -s \\
${specs.map((spec) => `${spec} \\`).join("\n")}
    '1: :_logq_first' '*: :_logq_second'
}
compdef _logq logq
`;
}

function zshAction(name: string, { takes }: CompletableOption): string {
  if (takes === null) return "";
  if (takes === "text") return `:${name}: `;
  if (takes === "directory") return `:${name}:_files -/`;
  return "words" in takes ? `:${name}:(${takes.words.join(" ")})` : `:${name}:_logq_values ${takes.column}`;
}

function zshQuote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function fishScript({ options, commands, commandWords }: Completable): string {
  const lines = [
    "# fish completion of logq. As ~/.config/fish/completions/logq.fish, or:  logq completion fish | source",
    "complete -c logq -f",
    ...Object.entries(commands).map(
      ([name, { summary }]) => `complete -c logq -n __fish_use_subcommand -a ${name} -d ${fishQuote(summary)}`,
    ),
    `complete -c logq -n __fish_use_subcommand -a "(logq saved -o raw 2>/dev/null | string replace -r '^' '@')"`,
    ...Object.entries(commandWords).map(
      ([name, list]) => `complete -c logq -n "__fish_seen_subcommand_from ${name}" -a ${fishQuote(list.join(" "))}`,
    ),
    ...Object.entries(options).map(([name, option]) => {
      const short = option.short === undefined ? "" : ` -s ${option.short}`;
      return `complete -c logq${short} -l ${name}${fishAction(option)}`;
    }),
  ];
  return `${lines.join("\n")}\n`;
}

function fishAction({ takes }: CompletableOption): string {
  if (takes === null) return "";
  if (takes === "text") return " -x";
  if (takes === "directory") return ` -x -a "(__fish_complete_directories)"`;
  if ("words" in takes) return ` -x -a ${fishQuote(takes.words.join(" "))}`;
  if (takes.column === "fields") return ` -x -a "(logq completion values fields '' -- (commandline -opc) 2>/dev/null)"`;
  return ` -x -a "(logq completion values ${takes.column} (commandline -ct) 2>/dev/null)"`;
}

function fishQuote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`)}'`;
}

function flags(name: string, { short }: CompletableOption): string[] {
  return [...(short === undefined ? [] : [`-${short}`]), `--${name}`];
}

function allFlags(options: Completable["options"]): string[] {
  return Object.entries(options).flatMap(([name, option]) => flags(name, option));
}
