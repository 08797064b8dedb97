import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { originOfFile } from "../fixture.ts";
import { applyFilters, filtered, logsOf, POD, rowsOf } from "./fixture.ts";

const grep = (...options: string[]) => ["- name: grep", "match: '*'", ...options].join("\n  ");

describe("grep", () => {
  test.each([
    ["keeps what regex matches", ["regex: log a"], ["ab", "ac"]],
    ["drops what exclude matches", ["exclude: log a"], ["bc", "", "äb"]],
    [
      "in legacy mode drops by each exclude, then by the first regex",
      ["exclude: [log c, log ä]", "regex: log b"],
      ["ab"],
    ],
    ["in legacy mode looks at nothing after a regex", ["regex: log b", "exclude: log c"], ["ab", "bc", "äb"]],
    ["with and keeps what all regex match", ["logical_op: and", "regex: [log a, log b]"], ["ab"]],
    ["with or keeps what one regex matches", ["logical_op: OR", "regex: [log ^a, log c]"], ["ab", "ac", "bc"]],
    ["with and drops what all exclude match", ["logical_op: AND", "exclude: [log a, log b]"], ["ac", "bc", "", "äb"]],
    ["with or drops what one exclude matches", ["logical_op: or", "exclude: [log a, log c]"], ["", "äb"]],
    ["takes all that follows the first blank for the pattern", ["regex: 'log  b'"], []],
    ["matches an empty message", ["regex: log ^$"], [""]],
    ["takes characters for characters, not bytes", ["regex: log ^.b$"], ["ab", "äb"]],
    ["finds nothing in a field that is missing", ["regex: message a"], []],
    ["drops nothing by a field that is missing", ["exclude: message a"], ["ab", "ac", "bc", "", "äb"]],
    ["without a rule keeps all", [], ["ab", "ac", "bc", "", "äb"]],
    [
      "keeps all of a file whose metadata matches",
      ["regex: $kubernetes['labels']['app'] ^web$"],
      ["ab", "ac", "bc", "", "äb"],
    ],
    ["drops all of a file whose metadata matches", ["exclude: $kubernetes['namespace_name'] ^shop$"], []],
    ["finds no text in a map", ["exclude: $kubernetes['labels'] ."], ["ab", "ac", "bc", "", "äb"]],
    [
      "takes text for the value of what would be below it, as Fluent Bit does",
      ["regex: $log['level'] a"],
      ["ab", "ac"],
    ],
    ["looks at the stream", ["exclude: stream ^stdout$"], ["ab", "ac", "bc", "", "äb"]],
    ["looks at whether a line is partial", ["exclude: _p F"], []],
  ])("%s", (_, options, left) => {
    expect(filtered(grep(...options), ["ab", "ac", "bc", "", "äb"])).toEqual(left);
  });

  test("leaves what does not match its tag", () => {
    expect(filtered("- name: grep\n  match: other.*\n  exclude: log a", ["a"], originOfFile("f", POD))).toEqual(["a"]);
  });

  test("looks at the fields of a record that another filter changed", () => {
    const rows = rowsOf(["a", "b", "c"]);
    rows.setRecord(0, { log: "x", level: "debug" });
    rows.setRecord(1, { log: "y", level: "error", code: 5 });
    applyFilters(grep("exclude: $level ^debug$"), rows);
    applyFilters(grep("exclude: log c"), rows);
    applyFilters(grep("exclude: $code 5"), rows);
    expect(logsOf(rows)).toEqual(["y"]);
  });

  test("looks at the message that another filter gave a row", () => {
    const rows = rowsOf(["a", "b"]);
    rows.setMessage(0, Buffer.from("secret"));
    applyFilters(grep("regex: log secret"), rows);
    expect(logsOf(rows)).toEqual(["secret"]);
  });

  test("finds the same in many messages at once as in each of them", () => {
    const words = fc.array(fc.constantFrom("a", "b", "#", "\n", "ab", " "), { maxLength: 6 });
    const messages = fc.array(
      words.map((each) => each.join("")),
      { maxLength: 12 },
    );
    const pattern = fc.constantFrom(
      ".*a",
      "^.*b#.*$",
      "(?:a|b).*",
      "a.*|b",
      ".*?ab.*",
      "a\\.*",
      ".*",
      "a",
      "ab",
      "#a",
      "a#",
      "a.b",
      "^a",
      "a$",
      "\\ba",
      "a*",
      "[^b]a",
      "a|b#",
      "(?:ab)+",
      "#+",
      "a\\s",
      "(?=b)b",
      "ab#",
      "^ab# ",
      "(?:ab){2}",
      "b(a|b)#?aba",
      "#ab|b a|aab",
    );
    fc.assert(
      fc.property(messages, pattern, (texts, source) => {
        const regex = new RegExp(source, "m");
        expect(filtered(grep(`regex: 'log ${source}'`), texts)).toEqual(texts.filter((text) => regex.test(text)));
      }),
    );
  });
});
