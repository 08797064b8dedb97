/**
 * Stands for kubectl, helm, aws, terraform, docker and npm where docs are run: does nothing, and fails if the command
 * line makes no sense. Exits 64 with the reason.
 *
 *   node test/docs/other-tool.ts TOOL [ARG]…
 */
import { problemOfCommand } from "./command-problem.ts";

const words = process.argv.slice(2);
// The one script that a page needs to go on.
if (words.slice(0, 3).join(" ") === "npm run s3") {
  process.argv.splice(2, 4);
  await import("../servers/s3-server-main.ts");
}
const problem = problemOfCommand(words);
if (problem !== null) {
  process.stderr.write(`${words.join(" ")}: ${problem}\n`);
  process.exitCode = 64;
}
