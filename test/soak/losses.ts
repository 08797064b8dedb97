import { readFileSync } from "node:fs";

/** What the agent said to be lost, by output, and what is wrong with that. */
export interface Losses {
  readonly bytes: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

/**
 * With links only truncation may lose anything, and the agent may say so of no more bytes than were truncated (of fewer: what came and
 * went between two looks, nobody saw). A crash repeats a line: of each file and output it counts once.
 */
export function lossesOf(logPath: string, truncatedBytes: number): Losses {
  const violations: string[] = [];
  const files = new Map<string, number>();
  for (const line of readFileSync(logPath, "utf8").split("\n")) {
    if (!line.includes('"message":"lost: ')) continue;
    const { output, file, path, reason, bytes } = JSON.parse(line) as Record<string, string> & { bytes: number };
    if (reason !== "truncated") violations.push(`output ${output} lost ${bytes} bytes of ${path}: ${reason}`);
    files.set(`${output} ${file}`, Math.max(bytes, files.get(`${output} ${file}`) ?? 0));
  }
  const byOutput: Record<string, number> = {};
  for (const [key, bytes] of files) {
    const [output = ""] = key.split(" ");
    byOutput[output] = (byOutput[output] ?? 0) + bytes;
  }
  for (const [output, bytes] of Object.entries(byOutput)) {
    if (bytes > truncatedBytes)
      violations.push(`output ${output} lost ${bytes} bytes, ${truncatedBytes} were truncated`);
  }
  return { bytes: byOutput, violations };
}
