import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseOptions } from "../../../../query/options.ts";
import { checkArguments } from "../../../../query/ui/arguments.ts";
import { firstState } from "../../../../query/ui/page/first-state.ts";
import {
  FIRST_STATE,
  histArgs,
  readState,
  rowArgs,
  writeState,
  type PageState,
} from "../../../../query/ui/page/state.ts";

const NGINX: PageState = { ...FIRST_STATE, query: "select * where pod='nginx'" };

test("an address can be read by people, and pasted anywhere", () => {
  expect(writeState(NGINX)).toBe("query=select%20*%20where%20pod=%27nginx%27&since=1h");
  expect(writeState({ ...FIRST_STATE, window: { kind: "all" }, follow: true })).toBe("query&all-time&follow");
});

test("the whole state comes back from its address", () => {
  const text = fc.string({ unit: "grapheme" });
  const state = fc.record<PageState>({
    query: text,
    window: fc.oneof(
      fc.constant({ kind: "all" } as const),
      fc.constant({ kind: "query" } as const),
      fc.record({ kind: fc.constant("since" as const), since: fc.constantFrom("5m", "1h", "7d") }),
      fc.record({ kind: fc.constant("range" as const), from: fc.constantFrom("now", "05:00"), to: text }),
    ),
    zone: fc.constantFrom("UTC", "Asia/Shanghai"),
    limit: fc.constantFrom("100", "1000", "all"),
    grep: text,
    ignoreCase: fc.boolean(),
    level: fc.constantFrom("", "warn+", "error,fatal"),
    scope: fc.array(fc.tuple(fc.constantFrom("pod", "namespace", "label" as const), text)),
    columns: fc.option(fc.array(text, { minLength: 1 })),
    order: fc.constantFrom("newest", "oldest"),
    follow: fc.boolean(),
    values: fc.option(text.filter((name) => name !== "")),
  });
  fc.assert(
    fc.property(state, (given) => {
      expect(readState(`#${writeState(given)}`)).toEqual(given);
    }),
  );
});

test.each(["#", "", "#query=%E0%A4%A", "#columns=[", "#columns=[]", "#order=up&nothing=1"])(
  "%s breaks nothing",
  (hash) => {
    expect(() => readState(hash)).not.toThrow();
    expect(readState(hash).columns).toBeNull();
  },
);

describe("what the page asks is a command line of logq", () => {
  test("rows", () => {
    expect(rowArgs(NGINX)).toEqual(["--since", "1h", "--limit", "1000", "select * where pod='nginx'"]);
    expect(rowArgs(FIRST_STATE).at(-1)).toBe("select *");
    expect(rowArgs({ ...NGINX, follow: true })).toEqual(["--since", "1h", "--follow", "select * where pod='nginx'"]);
  });

  test("bars", () => {
    expect(histArgs(NGINX, ["--interval", "1m"])).toEqual([
      "hist",
      "--since",
      "1h",
      "--interval",
      "1m",
      "select * where pod='nginx'",
    ]);
  });

  test("every state is taken by the server and means the same to the command line", async () => {
    const state: PageState = {
      ...NGINX,
      query: "-- all\nselect *",
      window: { kind: "range", from: "2026-03-02T00:00:00Z", to: "2026-03-02T01:00:00Z" },
      zone: "Asia/Shanghai",
      grep: "-x time|out",
      ignoreCase: true,
      level: "warn+",
      scope: [
        ["pod", "nginx*"],
        ["label", "app=nginx"],
      ],
    };
    await checkArguments(rowArgs(state));
    await checkArguments(histArgs(state, ["--interval", "1m"]));
    const options = parseOptions(rowArgs(state));
    expect(options).toMatchObject({
      time: { from: "2026-03-02T00:00:00Z", to: "2026-03-02T01:00:00Z" },
      zone: "Asia/Shanghai",
      limit: 1000,
      scope: { grep: ["-x time|out"], ignoreCase: true, levels: ["warn", "error", "fatal"], pod: ["nginx*"] },
      words: [" -- all\nselect *"],
    });
  });
});

test("the page starts with what logq ui was started with", () => {
  const state = firstState(
    ["-n", "shop", "--since=2d", "-pnginx*", "-f", "--level", "warn+", "select 1"],
    "Asia/Shanghai",
  );
  expect(state).toMatchObject({
    query: "select 1",
    window: { kind: "since", since: "2d" },
    zone: "Asia/Shanghai",
    level: "warn+",
    follow: true,
    scope: [
      ["namespace", "shop"],
      ["pod", "nginx*"],
    ],
  });
  expect(firstState([], "UTC")).toEqual(FIRST_STATE);
});
