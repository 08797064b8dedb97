import { expect, test } from "vitest";
import { BASE, load } from "./fixture.ts";

const withInput = (options: string): string =>
  BASE.replace(/    - name: tail\n(?: {6}.*\n)+/, `    - name: systemd\n${options.replace(/^/gm, "      ")}\n`);

test("an input of the journal needs no option", () => {
  const { config, problems } = load(BASE.replace(/    - name: tail\n(?: {6}.*\n)+/, "    - name: systemd\n"));
  expect(problems).toEqual([]);
  expect(config?.inputs).toEqual([
    {
      plugin: "systemd",
      tag: "systemd.0",
      ownTag: null,
      path: null,
      filters: [],
      filterType: "or",
      readFromTail: false,
      lowercase: false,
      stripUnderscores: false,
      maxFields: 8000,
      maxEntries: 5000,
      totalLimitSizeBytes: 256_000_000,
    },
  ]);
});

test("filters are given several times or as a list, and a value may have anything in it", () => {
  const { config } = load(
    withInput("systemd_filter: [_SYSTEMD_UNIT=a.service, 'MESSAGE=a=b, c']\nsystemd_filter_type: And"),
  );
  expect(config?.inputs).toMatchObject([{ filters: ["_SYSTEMD_UNIT=a.service", "MESSAGE=a=b, c"], filterType: "and" }]);
});

test.each([
  ["systemd_filter: kubelet.service", '"kubelet.service" is no FIELD=value, as _SYSTEMD_UNIT=kubelet.service is'],
  ["systemd_filter: --flush=x", '"--flush=x" is no FIELD=value'],
  [
    "systemd_filter: [A=1, A=2]\nsystemd_filter_type: and",
    "no entry has two values of A, so that nothing would be read",
  ],
  ["systemd_filter_type: xor", "systemd_filter_type"],
])("%j is refused: %s", (options, message) => expect(load(withInput(options)).problems.join("\n")).toContain(message));

test("a match that no unit's tag can meet is said", () => {
  const text = withInput("tag: TAG").replace(/match: .*/, "match: host.kube*");
  expect(load(text.replace("TAG", "host")).notices.join()).toContain("matches no input's tag");
  expect(load(text.replace("TAG", "host.*")).notices).toEqual([]);
});

test("Fluent Bit's database is accepted without effect", () => {
  expect(load(withInput("db: /var/x.db\ndb.sync: full\ntag: host.*")).notices).toHaveLength(2);
});
