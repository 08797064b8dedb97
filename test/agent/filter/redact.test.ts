import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { SECRET_NAMES } from "../../../config/filter/redact.ts";
import { SECRETS } from "../../../agent/filter/secrets.ts";
import { applyFilters, filtered, logsOf, rowsOf } from "./fixture.ts";

const redact = (...options: string[]) => ["- name: redact", "match: '*'", ...options].join("\n  ");
const ALL = redact(`patterns: ${SECRET_NAMES.join(",")}`);

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const KEY = "-----BEGIN RSA PRIVATE KEY-----\\nMIIEpAIBAAKCAQEA+/x=\\n-----END RSA PRIVATE KEY-----";
const AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/** A message with ‹secret› and what stands in place of it. */
const FOUND: readonly (readonly [name: string, message: string])[] = [
  ["aws_access_key", "id ‹AKIAIOSFODNN7EXAMPLE› used"],
  ["aws_access_key", "ASIA: ‹ASIAIOSFODNN7EXAMPLE›"],
  ["aws_secret_key", `aws_secret_access_key = ‹${AWS_SECRET}›`],
  ["aws_secret_key", `{"SecretAccessKey": "‹${AWS_SECRET}›"}`],
  ["jwt", `got ‹${JWT}›, ok`],
  ["bearer_token", "Authorization: Bearer ‹abc.def-123456›"],
  ["bearer_token", '{"authorization":"bearer ‹0123456789abcdef›"}'],
  ["basic_auth", "authorization: Basic ‹dXNlcjpwYXNz›"],
  ["private_key", `{"key":"‹${KEY}›","n":1}`],
  ["private_key", "‹-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----› and more"],
  ["private_key", "‹-----BEGIN EC PRIVATE KEY-----\nMIIE›"],
  ["password", "user=bob password=‹hunter2›&x=1"],
  ["password", "DB_PASSWORD: ‹hünter2› done"],
  ["password", "Server=a;Pwd=‹x›;Database=b"],
  ["password", "passwd='‹it is long›' ok"],
  ["password", '{"user":"bob","password":"‹h\\"x, y›","n":1}'],
  ["password", '{"m":"{\\"password\\": \\"‹a b›\\", \\"n\\":1}"}'],
  ["password", 'passphrase => "‹a b›"'],
  ["api_key", "x-api-key: ‹0123›"],
  ["api_key", '{"access_token":"‹ya29.a0›","expires_in":3599}'],
  ["api_key", "client_secret=‹abc›"],
  ["url_password", "amqp://guest:‹s3cr3t›@mq:5672/"],
  ["email", "mail to ‹jane.doe+x@mail.example.com›."],
  ["email", "‹jürgen@example.de›"],
  ["credit_card", "card ‹4111 1111 1111 1111› ok"],
  ["credit_card", "7 4111-1111-1111-1111 1".replace(/4111-.*1111/, "‹$&›")],
  ["credit_card", "amex ‹378282246310005›,mc ‹5555555555554444›"],
  ["ipv4", "from ‹10.1.2.3›:80 and ‹255.255.255.255›"],
];

const withSecret = (message: string) => message.replaceAll(/[‹›]/g, "");
const without = (message: string, instead: string) => message.replaceAll(/‹[^›]*›/g, instead);

describe("redact", () => {
  test.each(FOUND)("takes %s out of %s", (name, message) => {
    const left = without(message, `[REDACTED:${name}]`);
    expect(filtered(redact(`patterns: ${name}`), ["before", withSecret(message), "after"])).toEqual([
      "before",
      left,
      "after",
    ]);
    expect(filtered(redact(`patterns: ${name}`), [left])).toEqual([left]);
  });

  test.each([
    "password: null, password=true, password=",
    "the bearer authentication failed",
    "reset your password now",
    "AKIAIOSFODNN7EXAMPLEAKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9",
    "a@b, @user, user@host",
    "4111 1111 1111 1112, 0.4111111111111111, 4111111111111111a, 1700000000000000000",
    "1.2.3.4.5, 1.2.3.256, v1.2.3",
    "http://host:80/a@b",
  ])("leaves %s", (message) => {
    expect(filtered(ALL, [message])).toEqual([message]);
  });

  test.each([
    ['{"card":4111111111111111,"n":1}', '{"card":"[REDACTED:credit_card]","n":1}'],
    ['{"a":"x, 4111111111111111, y"}', '{"a":"x, [REDACTED:credit_card], y"}'],
    ['{"password": 12345}', '{"password": "[REDACTED:password]"}'],
    ['{"m":"{\\"password\\":12345}"}', '{"m":"{\\"password\\":\\"[REDACTED:password]\\"}"}'],
  ])("JSON stays JSON: %s", (message, left) => {
    expect(filtered(ALL, [message])).toEqual([left]);
    expect(JSON.parse(left)).toBeTypeOf("object");
  });

  test("looks for nothing that is not in patterns, and for addresses only when told to", () => {
    const messages = ["password=a b@c.de", "1.2.3.4"];
    expect(filtered(redact("patterns: email"), messages)).toEqual(["password=a [REDACTED:email]", "1.2.3.4"]);
    expect(filtered(redact(), messages)).toEqual(["password=[REDACTED:password] [REDACTED:email]", "1.2.3.4"]);
  });

  test("takes out what own patterns match, wherever it is, beyond ASCII too", () => {
    const yaml = redact("patterns: off", "regex: ['cust-\\d+', '^.ö+']", "replace: '***'");
    expect(filtered(yaml, ["cust-1 and cust-22", "äööx", "a"])).toEqual(["*** and ***", "***x", "a"]);
  });

  test("takes out what own patterns match of a record that another filter changed, with patterns off too", () => {
    const rows = rowsOf(["a"]);
    rows.setRecord(0, { log: "cust-1", user: "cust-2" });
    applyFilters(redact("patterns: off", "regex: 'cust-\\d+'", "replace: '***'"), rows);
    expect(rows.record(0)).toEqual({ log: "***", user: "***" });
  });

  test("puts what replace says in place of every secret", () => {
    expect(filtered(redact("replace: ‹weg›"), ["password=ü x@y.de"])).toEqual(["password=‹weg› ‹weg›"]);
  });

  test("looks into the fields of a record that another filter changed, at their names too, but not at the pod's", () => {
    const rows = rowsOf(["a", "b"]);
    const kubernetes = { labels: { mail: "x@y.de" } };
    rows.setRecord(0, {
      log: "password=x",
      kubernetes,
      user: { Password: "x", pin: 1, tags: ["a@b.de", "ü"] },
      n: 4111111111111111,
    });
    applyFilters(redact(), rows);
    expect(rows.record(0)).toEqual({
      log: "password=[REDACTED:password]",
      kubernetes,
      user: { Password: "[REDACTED:password]", pin: 1, tags: ["[REDACTED:email]", "ü"] },
      n: "[REDACTED:credit_card]",
    });
    expect(Object.keys(rows.record(0))).toEqual(["log", "kubernetes", "user", "n"]);
    expect(rows.changed(1)).toBe(false);
  });

  test("leaves rows as they are of which it takes nothing", () => {
    const rows = rowsOf(["a", "the password is gone", "c"]);
    applyFilters(ALL, rows);
    expect(rows.parts()[0]?.batch).toBe(rows.batch);
  });

  test("no secret survives, and nothing around it changes", () => {
    const around = fc
      .array(fc.constantFrom("x", "ä", "…", " ", ",", "z:", '"', "日本"), { maxLength: 8 })
      .map((each) => each.join(""));
    const message = fc.tuple(
      around,
      fc.constantFrom(...FOUND.filter(([name]) => !["url_password", "private_key", "email"].includes(name))),
      around,
    );
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 6 }), (all) => {
        const texts = all.map(([before, [, found], after]) => `${before} ${withSecret(found)} ${after}`);
        const left = all.map(
          ([before, [name, found], after]) => `${before} ${without(found, `[REDACTED:${name}]`)} ${after}`,
        );
        expect(filtered(ALL, texts)).toEqual(left);
      }),
      { numRuns: 300 },
    );
  });

  test("finds in a batch what it finds in each message by itself", () => {
    const piece = fc.constantFrom(
      "password",
      "=",
      ":",
      "x",
      "AKIA",
      "IOSFODNN7EXAMPLE",
      "4111",
      "-",
      " ",
      "1111",
      "@",
      "a.de",
      "eyJhbGciOiJI",
      ".",
      "Bearer ",
      "PwD",
      "secret_key",
      '"',
      "ü",
      "https://u:p",
      "12.3",
      "10.2.3.4",
      "@b.example.com",
      "://",
      "/",
      "basic\t",
      "Authorization:",
      "PRIVATE KEY-----",
      "-----BEGIN ",
      "api-key",
      "9",
      "\n",
    );
    const messages = fc.array(
      fc.array(piece, { maxLength: 10 }).map((each) => each.join("")),
      { maxLength: 8 },
    );
    // Where what stands instead is as what is looked for, too, and where nothing lies between two messages.
    const replace = fc.constantFrom("[x]", "1", "x.");
    fc.assert(
      fc.property(messages, replace, fc.constantFrom("##", ""), (texts, instead, between) => {
        const each = texts.map((text) => SECRETS.reduce((left, { redact: of }) => of(left, instead), text));
        const rows = rowsOf(texts, undefined, between);
        applyFilters(`${ALL}\n  replace: '${instead}'`, rows);
        expect(logsOf(rows)).toEqual(each);
      }),
      { numRuns: 1000 },
    );
  });

  test("finds what lies behind long messages, and long messages of nothing but digits", () => {
    const long = "4".repeat(150_000);
    const texts = [`${"x".repeat(140_000)} 10.1.2.3`, long, "a@b.de", `1 ${long} 4111111111111111`];
    const each = texts.map((text) =>
      SECRETS.reduce((left, { name, redact: of }) => of(left, `[REDACTED:${name}]`), text),
    );
    expect(filtered(ALL, texts)).toEqual(each);
    expect(each[0]).toContain("[REDACTED:ipv4]");
  });

  test("takes out the same where WebAssembly is missing", async () => {
    vi.resetModules();
    vi.stubGlobal("WebAssembly", undefined);
    const { createRedact } = await import("../../../agent/filter/redact.ts");
    const config = {
      plugin: "redact" as const,
      match: { pattern: "*", regex: false },
      patterns: SECRET_NAMES,
      regex: [],
      replace: null,
    };
    const messages = FOUND.map(([, message]) => withSecret(message));
    const rows = rowsOf(messages);
    createRedact(config).open(rows.origin, {})?.apply(rows);
    vi.unstubAllGlobals();
    expect(logsOf(rows)).toEqual(filtered(ALL, messages));
  });
});
