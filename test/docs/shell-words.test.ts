import { expect, test } from "vitest";
import { shellWords } from "./shell-words.ts";

test.each([
  [`logq -p 'nginx*' "pod='nginx'"`, ["logq", "-p", "nginx*", "pod='nginx'"]],
  [`logq \\\n  --since 1h # the last hour`, ["logq", "--since", "1h"]],
  [`logq "a\n b" '' c#d`, ["logq", "a\n b", "", "c#d"]],
  [`a "\\d \\"x\\" \\$y" b'c'd`, ["a", `\\d "x" $y`, "bcd"]],
])("%s is split as sh splits it", (command, words) => {
  expect(shellWords(command)).toEqual(words);
});

test("an open quote is an error", () => {
  expect(() => shellWords(`logq "select`)).toThrow("a quote is open");
});
