/** When a statement that is typed over several lines is whole. Nothing is judged here: the dialect does that. */

export interface Input {
  /** Whole statements, their semicolons left out. */
  readonly statements: readonly string[];
  /** What is not whole yet; empty if nothing is. */
  readonly rest: string;
}

/** Splits what was typed so far at semicolons; the last statement needs none if nothing is missing at its end. */
export function splitInput(text: string): Input {
  const { ends, isOpen, code } = scan(text);
  const statements = ends.map((end, i) => text.slice(i === 0 ? 0 : ends[i - 1]! + 1, end));
  const last = text.slice(ends.length === 0 ? 0 : ends.at(-1)! + 1);
  const lastCode = code.slice(ends.length === 0 ? 0 : ends.at(-1)! + 1);
  const whole = !isOpen && lastCode.trim() !== "" && !isUnfinished(lastCode.trim());
  const said = [...statements, ...(whole ? [last] : [])].map((one) => one.trim()).filter((one) => one !== "");
  return { statements: said, rest: whole || (lastCode.trim() === "" && !isOpen) ? "" : last };
}

interface Scanned {
  /** Offsets of the semicolons that end statements. */
  readonly ends: readonly number[];
  /** Whether a string, a comment or a bracket is open at the end. */
  readonly isOpen: boolean;
  /** The text, of the same length, with strings as `x` and comments as spaces. */
  readonly code: string;
}

const PIECE = /'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|--[^\n]*|\/\*[^]*?(?:\*\/|$)|[^'"/-]+|[^]/g;

function scan(text: string): Scanned {
  const ends: number[] = [];
  let code = "";
  let depth = 0;
  let isOpen = false;
  for (const [piece] of text.matchAll(PIECE)) {
    const isQuoted = /^['"]/.test(piece);
    if (isQuoted) isOpen = piece.length < 2 || piece.at(-1) !== piece[0];
    else if (piece.startsWith("/*")) isOpen = !piece.endsWith("*/") || piece.length < 4;
    if (isQuoted || /^(?:--|\/\*)/.test(piece)) {
      code += (isQuoted ? "x" : " ").repeat(piece.length);
      continue;
    }
    for (const [i, char] of piece.split("").entries()) {
      if (char === "(" || char === "[") depth += 1;
      if (char === ")" || char === "]") depth = Math.max(0, depth - 1);
      if (char !== ";") continue;
      ends.push(code.length + i);
      depth = 0;
    }
    code += piece;
  }
  return { ends, isOpen: isOpen || depth > 0, code };
}

/** Words after which something must follow. */
const DANGLING = `select distinct from where and or not on by having when then else case in like between is as any some
  exists over using escape limit offset fetch join cross inner left right full outer union intersect except with values
  order group partition within`.split(/\s+/);
const ENDS_IN_WORD = new RegExp(String.raw`(?:^|[^\w.])(?:${DANGLING.join("|")})$`, "i");

function isUnfinished(code: string): boolean {
  // A star ends `select *` and `logs.*`, else it multiplies.
  if (/(?:select(?:\s+distinct)?|,|\.)\s*\*$/i.test(code)) return false;
  return /[-,=<>+*/%|.]$/.test(code) || ENDS_IN_WORD.test(code);
}
