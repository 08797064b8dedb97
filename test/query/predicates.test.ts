import { expect, test } from "vitest";
import { commandOf } from "../../query/command-line.ts";
import { parseOptions } from "../../query/options.ts";
import { findPredicates } from "../../query/predicates.ts";

test("equality in the text and in scope flags is found, globs that are no prefix and lists are not", () => {
  const options = parseOptions(["-n", "shop", "-p", "*a", "-w", "a,b"]);
  const found = findPredicates({ options, text: "pod = 'it''s' and node='n' and pod_id='x' and log='y'" });
  expect(found.map(({ column, value, written }) => [column, value, written])).toEqual([
    ["namespace", "shop", "-n shop"],
    ["pod", "it's", "pod='it''s'"],
    ["node", "n", "node='n'"],
  ]);
});

test("a glob that ends in a star is a prefix", () => {
  const [predicate] = findPredicates({ options: parseOptions(["-p", "nginx*"]), text: null });
  expect(predicate).toMatchObject({ column: "pod", value: "nginx", match: "prefix", written: "-p nginx*" });
});

test("a condition is replaced where it stands", () => {
  const asked = { options: parseOptions([]), text: "select * where POD='a' limit 1" };
  const [predicate] = findPredicates(asked);
  expect(predicate!.replaced("workload", "it's", "equal").text).toBe("select * where workload='it''s' limit 1");
  expect(predicate!.replaced("pod", "a-", "prefix").text).toBe("select * where pod like 'a-%' limit 1");
});

test("a flag is replaced by the flag of the other column", () => {
  const asked = { options: parseOptions(["-p", "a"]), text: null };
  const [predicate] = findPredicates(asked);
  const { options } = predicate!.replaced("workload", "a", "equal");
  expect(commandOf(options, null)).toBe("logq -w a");
  expect(commandOf(predicate!.replaced("pod", "a-", "prefix").options, null)).toBe('logq -p "a-*"');
});
