import { describe, expect, test } from "vitest";

import { createParser, type Parsed } from "../../../agent/parser/parser.ts";
import type { ParserConfig } from "../../../config/parser-config.ts";
import { findParser } from "../../../config/parsers.ts";

const NEAR = Date.parse("2026-11-21T05:47:53Z") / 1000;
const DEFAULTS = { ...findParser("logfmt", [])!, name: "mine" };

function parse(config: Partial<ParserConfig>, text: string): Parsed | null {
  return createParser({ ...DEFAULTS, ...config }).parse(text, NEAR);
}

/** Fields as JSON shows them, the time as RFC 3339 with nanoseconds. */
function shown(parsed: Parsed | null): { fields: unknown; time: string | null } | null {
  if (parsed === null) return null;
  const { fields, time } = parsed;
  const text = time && new Date(time.seconds * 1000).toISOString().replace("000Z", `${time.nanos}Z`);
  return { fields: JSON.parse(JSON.stringify(fields)), time: text };
}

const fieldsOf = (config: Partial<ParserConfig>, text: string): unknown => shown(parse(config, text))?.fields ?? null;

const decoded = (rules: ParserConfig["decoders"], log: string): unknown =>
  fieldsOf({ format: "json", decoders: rules }, JSON.stringify({ log, z: 1 }));
const as = (decoder: ParserConfig["decoders"][number]["decoder"], next: "stop" | "try_next" | "do_next" = "stop") =>
  ({ field: "log", decoder, inPlace: true, next }) as const;
const add = { field: "log", decoder: "json", inPlace: false, next: "stop" } as const;

const builtIn = (name: string, text: string): unknown => shown(createParser(findParser(name, [])!).parse(text, NEAR));

describe("json", () => {
  const JSON_FORMAT = { format: "json" } as const;

  test("takes one object and nothing else", () => {
    expect(fieldsOf(JSON_FORMAT, ' {"a":1,"b":{"c":[null,true]}} ')).toEqual({ a: 1, b: { c: [null, true] } });
    for (const text of ["[1]", '"a"', '{"a":1} {"b":2}', '{"a":1', '{"a":1} x', ""]) {
      expect(parse(JSON_FORMAT, text)).toBeNull();
    }
  });

  test("keeps the digits of numbers that are too long for a double", () => {
    const text = '{"id":12345678901234567890,"n":[-9007199254740993],"x":0.1234567890123456789}';
    const line = JSON.stringify(parse(JSON_FORMAT, text)?.fields);
    expect(line).toContain('"id":12345678901234567890,"n":[-9007199254740993]');
  });

  test("a field of an odd name is a field", () => {
    expect(JSON.stringify(parse(JSON_FORMAT, '{"__proto__":{"a":1}}')?.fields)).toBe('{"__proto__":{"a":1}}');
    expect(JSON.stringify(parse({}, "__proto__=a")?.fields)).toBe('{"__proto__":"a"}');
  });

  const TIMED = { ...JSON_FORMAT, timeKey: "ts", timeFormat: "%s" } as const;

  test("its time is taken out, or kept", () => {
    const text = '{"a":1,"ts":"1795240073"}';
    expect(shown(parse(TIMED, text))).toEqual({ fields: { a: 1 }, time: "2026-11-21T05:47:53.0Z" });
    expect(fieldsOf({ ...TIMED, timeKeep: true }, text)).toEqual({ a: 1, ts: "1795240073" });
  });

  test("a time that does not fit, or is no text, stays a field", () => {
    expect(parse(TIMED, '{"ts":"soon"}')).toEqual({ fields: { ts: "soon" }, time: null });
    expect(parse(TIMED, '{"ts":1795240073}')).toEqual({ fields: { ts: 1795240073 }, time: null });
  });
});

describe("regex", () => {
  const regex = "^(?<a>[^ ]*) (?<b>[^ ]*) (?<time>.*)$";

  test("its named groups are the fields, without the empty ones", () => {
    expect(fieldsOf({ format: "regex", regex }, "x  y")).toEqual({ a: "x", time: "y" });
    expect(fieldsOf({ format: "regex", regex, skipEmptyValues: false }, "x  y")).toEqual({ a: "x", b: "", time: "y" });
    expect(parse({ format: "regex", regex }, "x")).toBeNull();
  });

  test("an expression without groups reads nothing", () => {
    expect(parse({ format: "regex", regex: "a" }, "a")).toBeNull();
  });

  test("of two groups of one name the one that found something counts", () => {
    expect(fieldsOf({ format: "regex", regex: "(?<n>a)|(?<n>b)" }, "a")).toEqual({ n: "a" });
    expect(fieldsOf({ format: "regex", regex: "(?<n>a)|(?<n>b)" }, "b")).toEqual({ n: "b" });
  });

  test("a time that does not fit is left out, and said once", () => {
    const said: string[] = [];
    const config = { ...DEFAULTS, format: "regex", regex, timeFormat: "%F" } as const;
    const parser = createParser(config, (message) => said.push(message));
    expect(shown(parser.parse("x y soon", NEAR))).toEqual({ fields: { a: "x", b: "y" }, time: null });
    parser.parse("x y later", NEAR);
    expect(said).toEqual(['parser mine: "soon" is no time of the form %F']);
  });
});

describe("logfmt", () => {
  test.each([
    ['a=1 b="x y" c', { a: "1", b: "x y", c: true }],
    ['a="" b= c=""', { a: "", b: true, c: "" }],
    [String.raw`m="say \"hi\"\n\u00e9" n=\n`, { m: 'say "hi"\né', n: String.raw`\n` }],
    ["a=1\nb=2", { a: "1" }],
    ['a="1\n2" b=3', { a: "1\n2", b: "3" }],
    ['a="open', { a: "open" }],
    ['="x" b=1', { x: true, b: "1" }],
    ["a==b", { a: true, b: true }],
  ])("%j", (text, fields) => {
    expect(fieldsOf({}, text)).toEqual(fields);
  });

  test("of nothing but blanks is none", () => {
    expect(parse({}, '  = "')).toBeNull();
  });

  test("with a key alone may be none", () => {
    expect(parse({ noBareKeys: true }, "just words")).toBeNull();
    expect(fieldsOf({ noBareKeys: true }, "a=1 b=")).toEqual({ a: "1", b: true });
  });

  test("with a time that does not fit is none", () => {
    expect(parse({ timeFormat: "%F" }, "time=soon a=1")).toBeNull();
    expect(shown(parse({ timeFormat: "%F" }, "time=2026-11-21 a=1"))).toEqual({
      fields: { a: "1" },
      time: "2026-11-21T00:00:00.0Z",
    });
    expect(parse({ timeFormat: "%F" }, "time=2026-11-21")).toBeNull();
  });
});

describe("ltsv", () => {
  test.each([
    ["a:1\tb:x:y z\tc:", { a: "1", b: "x:y z", c: "" }],
    ["a:1\tnext line", { a: "1" }],
    [":x\ta:1\r\nb:2", { a: "1" }],
  ])("%j", (text, fields) => {
    expect(fieldsOf({ format: "ltsv" }, text)).toEqual(fields);
  });

  test("without a label is none", () => {
    expect(parse({ format: "ltsv" }, "hello world")).toBeNull();
  });
});

describe("types", () => {
  test.each<[type: ParserConfig["types"][number]["type"], text: string, json: string]>([
    ["integer", "42", "42"],
    ["integer", "-007x", "-7"],
    ["integer", "abc", "0"],
    ["integer", "-", "0"],
    ["integer", "9007199254740993", "9007199254740993"],
    ["integer", "99999999999999999999", "9223372036854775807"],
    ["float", "1.5e3s", "1500"],
    ["float", "x", "0"],
    ["hex", "0xfF", "255"],
    ["hex", "ffffffffffffffff", "18446744073709551615"],
    ["hex", "1ffffffffffffffff", "18446744073709551615"],
    ["bool", "TRUE", "true"],
    ["bool", "false!", "false"],
    ["bool", "maybe", '"maybe"'],
    ["string", "1", '"1"'],
  ])("%s of %j is %s", (type, text, json) => {
    const parsed = parse({ types: [{ key: "v", type }] }, `v=${text}`);
    expect(JSON.stringify(parsed?.fields)).toBe(`{"v":${json}}`);
  });

  test("quoted texts of logfmt stay as written beside typed fields", () => {
    expect(fieldsOf({ types: [{ key: "n", type: "integer" }] }, String.raw`n=1 m="a\"b" c`)).toEqual({
      n: 1,
      m: String.raw`a\"b`,
      c: "",
    });
  });
});

describe("decoders", () => {
  test("decode_field_as json puts the object in the text's place", () => {
    expect(decoded([as("json")], '{"a":1}')).toEqual({ log: { a: 1 }, z: 1 });
    expect(decoded([as("json")], "plain")).toEqual({ log: "plain", z: 1 });
    expect(decoded([as("json")], "[1]")).toEqual({ log: "[1]", z: 1 });
  });

  test("decode_field json adds the object's fields behind the others", () => {
    expect(decoded([add], '{"a":1,"b":2}')).toEqual({ log: '{"a":1,"b":2}', z: 1, a: 1, b: 2 });
  });

  test.each([
    ["escaped", String.raw`a\tb\\c\"d`, "a\tb\\cd"],
    ["escaped_utf8", String.raw`\u00e9\ud83d\ude00\x41\101\"\/\ud83d`, 'é😀AA"/\uFFFD'],
    ["escaped_utf8", String.raw`\U0001F600\n\a`, "😀\n\x07"],
    ["mysql_quoted", String.raw`'it\'s \n \q'`, "it's \n \\q"],
    ["mysql_quoted", "'open", "'open"],
  ] as const)("%s of %j", (decoder, text, result) => {
    expect(decoded([as(decoder)], text)).toEqual({ log: result, z: 1 });
  });

  test("do_next goes on with what a rule made, try_next only if it failed", () => {
    expect(decoded([as("escaped_utf8", "do_next"), as("json")], String.raw`{\"a\":1}`)).toEqual({
      log: { a: 1 },
      z: 1,
    });
    expect(decoded([as("json", "try_next"), as("escaped")], String.raw`a\tb`)).toEqual({ log: "a\tb", z: 1 });
    expect(decoded([as("json"), as("escaped")], String.raw`a\tb`)).toEqual({ log: String.raw`a\tb`, z: 1 });
    expect(decoded([as("escaped", "try_next"), as("json")], '{"a":1}')).toEqual({ log: '{"a":1}', z: 1 });
    expect(decoded([as("json", "do_next"), add], '{"a":1}')).toEqual({ log: { a: 1 }, z: 1 });
  });
});

describe("built in", () => {
  const ACCESS = '10.0.0.1 - bob [21/Nov/2026:05:47:53 +0100] "GET /a b?c=d HTTP/1.1" 200 12 "http://r/" "curl/8 (x)"';

  test.each<[name: string, text: string, fields: object, time: string | null]>([
    [
      "apache",
      ACCESS,
      {
        host: "10.0.0.1",
        user: "bob",
        method: "GET",
        path: "/a b?c=d",
        code: "200",
        size: "12",
        referer: "http://r/",
        agent: "curl/8 (x)",
      },
      "2026-11-21T04:47:53.0Z",
    ],
    [
      "apache2",
      '10.0.0.1 - bob [21/Nov/2026:05:47:53 +0100] "GET /a HTTP/1.1" 200 -',
      { host: "10.0.0.1", user: "bob", method: "GET", path: "/a", code: "200", size: "-" },
      "2026-11-21T04:47:53.0Z",
    ],
    [
      "nginx",
      ACCESS.replace("- bob", "- -"),
      {
        remote: "10.0.0.1",
        host: "-",
        user: "-",
        method: "GET",
        path: "/a b?c=d",
        code: "200",
        size: "12",
        referer: "http://r/",
        agent: "curl/8 (x)",
      },
      "2026-11-21T04:47:53.0Z",
    ],
    [
      "apache_error",
      "[Sat Nov 21 05:47:53.123 2026] [core:error] [pid 12] [client 1.2.3.4:5] File does not exist",
      {
        time: "Nov 21 05:47:53.123 2026",
        level: "core:error",
        pid: "12",
        client: "1.2.3.4:5",
        message: "File does not exist",
      },
      null,
    ],
    [
      "k8s-nginx-ingress",
      `${ACCESS} 300 0.002 [shop-web-80] [] 10.1.1.1:80 12 0.001 200 abc`,
      {
        host: "10.0.0.1",
        user: "bob",
        method: "GET",
        path: "/a b?c=d",
        code: "200",
        size: "12",
        referer: "http://r/",
        agent: "curl/8 (x)",
        request_length: "300",
        request_time: "0.002",
        proxy_upstream_name: "shop-web-80",
        upstream_addr: "10.1.1.1:80",
        upstream_response_length: "12",
        upstream_response_time: "0.001",
        upstream_status: "200",
        reg_id: "abc",
      },
      "2026-11-21T04:47:53.0Z",
    ],
    ["json", '{"a":1,"time":"21/Nov/2026:05:47:53 +0000"}', { a: 1 }, "2026-11-21T05:47:53.0Z"],
    ["logfmt", "a=1", { a: "1" }, null],
    ["ltsv", "a:1", { a: "1" }, null],
    [
      "docker",
      '{"log":"hi\\n","stream":"stdout","time":"2026-11-21T05:47:53.123456789Z"}',
      { log: "hi\n", stream: "stdout", time: "2026-11-21T05:47:53.123456789Z" },
      "2026-11-21T05:47:53.123456789Z",
    ],
    [
      "docker-daemon",
      'time="2026-11-21T05:47:53.1Z" level=info msg="Loading containers"',
      { time: "2026-11-21T05:47:53.1Z", level: "info", msg: "Loading containers" },
      "2026-11-21T05:47:53.100000000Z",
    ],
    [
      "syslog-rfc5424",
      '<34>1 2026-11-21T05:47:53.5Z host su 12 ID47 [x a="b"] it failed',
      {
        pri: "34",
        time: "2026-11-21T05:47:53.5Z",
        host: "host",
        ident: "su",
        pid: "12",
        msgid: "ID47",
        extradata: '[x a="b"]',
        message: "it failed",
      },
      "2026-11-21T05:47:53.500000000Z",
    ],
    [
      "syslog-rfc3164",
      "<34>Nov  1 05:47:53 host sshd[12]: it failed",
      { pri: "34", time: "Nov  1 05:47:53", host: "host", ident: "sshd", pid: "12", message: "it failed" },
      "2026-11-01T05:47:53.0Z",
    ],
    [
      "syslog-rfc3164-local",
      "<34>Nov 21 05:47:53 sshd: it failed",
      { pri: "34", time: "Nov 21 05:47:53", ident: "sshd", message: "it failed" },
      "2026-11-21T05:47:53.0Z",
    ],
    [
      "mongodb",
      "2026-11-21T05:47:53.123+0000 I NETWORK  [conn1] end connection 12ms",
      {
        time: "2026-11-21T05:47:53.123+0000",
        severity: "I",
        component: "NETWORK",
        context: "conn1",
        message: "end connection",
        ms: "12",
      },
      "2026-11-21T05:47:53.123000000Z",
    ],
    [
      "envoy",
      '[2026-11-21T05:47:53.123Z] "GET /a HTTP/2" 200 - 0 12 3 2 "1.2.3.4" "curl" "id" "host" "10.1.1.1:80"',
      {
        start_time: "2026-11-21T05:47:53.123Z",
        method: "GET",
        path: "/a",
        protocol: "HTTP/2",
        code: "200",
        response_flags: "-",
        bytes_received: "0",
        bytes_sent: "12",
        duration: "3",
        x_envoy_upstream_service_time: "2",
        x_forwarded_for: "1.2.3.4",
        user_agent: "curl",
        request_id: "id",
        authority: "host",
        upstream_host: "10.1.1.1:80",
      },
      "2026-11-21T05:47:53.123000000Z",
    ],
    [
      "istio-envoy-proxy",
      '[2026-11-21T05:47:53.123Z] "GET /a HTTP/2" 200 - via_upstream - "-" 0 12 3 2 "-" "curl" "id" "host" "10.1.1.1:80" out 1:1 2:2 3:3 - default',
      {
        start_time: "2026-11-21T05:47:53.123Z",
        method: "GET",
        path: "/a",
        protocol: "HTTP/2",
        response_code: "200",
        response_flags: "-",
        response_code_details: "via_upstream",
        connection_termination_details: "-",
        upstream_transport_failure_reason: "-",
        bytes_received: "0",
        bytes_sent: "12",
        duration: "3",
        x_envoy_upstream_service_time: "2",
        x_forwarded_for: "-",
        user_agent: "curl",
        x_request_id: "id",
        authority: "host",
        upstream_host: "10.1.1.1:80",
        upstream_cluster: "out",
        upstream_local_address: "1:1",
        downstream_local_address: "2:2",
        downstream_remote_address: "3:3",
        requested_server_name: "-",
        route_name: "default",
      },
      "2026-11-21T05:47:53.123000000Z",
    ],
    [
      "cri",
      "2026-11-21T05:47:53.123Z stderr F hi there",
      { time: "2026-11-21T05:47:53.123Z", stream: "stderr", logtag: "F", message: "hi there" },
      "2026-11-21T05:47:53.123000000Z",
    ],
    [
      "kube-custom",
      `kube.web-1_shop_app-${"a1".repeat(32)}.log`,
      { tag: "kube", pod_name: "web-1", namespace_name: "shop", container_name: "app", docker_id: "a1".repeat(32) },
      null,
    ],
    [
      "klog",
      "W1121 05:47:53.123456      12 server.go:345] it is slow\nand long",
      { severity: "W", pid: 12, file: "server.go", line: 345, message: "it is slow\nand long" },
      "2026-11-21T05:47:53.123456000Z",
    ],
    [
      "kube-json",
      '{"ts":1763704073123.25,"caller":"garbagecollector/garbagecollector.go:144","msg":"Starting","v":0}',
      { ts: 1763704073123.25, caller: "garbagecollector/garbagecollector.go:144", msg: "Starting", v: 0 },
      "2025-11-21T05:47:53.123250000Z",
    ],
    [
      "etcd",
      '{"level":"warn","ts":"2026-11-21T05:47:53.123456Z","caller":"etcdserver/util.go:170","msg":"slow"}',
      { level: "warn", ts: "2026-11-21T05:47:53.123456Z", caller: "etcdserver/util.go:170", msg: "slow" },
      "2026-11-21T05:47:53.123456000Z",
    ],
    [
      "audit",
      '{"level":"Metadata","verb":"get","requestReceivedTimestamp":"2026-11-21T05:47:53.123456Z"}',
      { level: "Metadata", verb: "get", requestReceivedTimestamp: "2026-11-21T05:47:53.123456Z" },
      "2026-11-21T05:47:53.123456000Z",
    ],
  ])("%s reads its own form", (name, text, fields, time) => {
    expect(builtIn(name, text)).toEqual({ fields, time });
  });
});
