import { expect, test } from "vitest";
import { maskMessage } from "../../../query/patterns/mask-message.ts";
import { createMasked } from "../../../query/patterns/masked.ts";
import { patternOf } from "../../../query/patterns/shape.ts";

test.each([
  [
    "took 12ms of 1h2m3.5s: 99.5% at -3 and 1e-9 MB of 5 B, a",
    "took <num> of <num>: <num> at <num> and <num> of <num>, a",
  ],
  ["2026-11-21T05:00:00.123Z a 2026-11-21 05:00:00,123 b 2026/11/21", "<time> a <time> b <time>"],
  ["Jul  9 12:33:01 a Sun Dec 04 04:47:44 2005 b Sun, 06 Nov 1994 08:49:37 GMT", "<time> a <time> b <time>"],
  ["17/06/09 20:10:40 a 21/Nov/2026:05:00:00 +0000 b 05:00 c 5:30", "<time> a <time> b <time> c <num>:<num>"],
  ["10.0.0.1 a 10.0.0.1:443 b fe80::1 c 2001:db8::2:1 d 0:0:0:0:0:0:0:1", "<ip> a <ip> b <ip> c <ip> d <ip>"],
  ["550e8400-e29b-41d4-a716-446655440000 a aa:bb:cc:dd:ee:ff", "<uuid> a <mac>"],
  ["commit 0f3a9c1 of 0x1f on deadbeef", "commit <hex> of <num> on deadbeef"],
  ["nginx-7c5ddbdf54-x2k9p on worker12, block rdd_21_0", "nginx-<hex> on worker<num>, block rdd_<num>_<num>"],
  ["open /etc/httpd/x.conf. C:\\temp\\x.txt and/or I/O", "open <path>. <path> and/or I/O"],
  ["GET https://a.example/b?c=1, by john.doe@example.com", "GET <url>, by <email>"],
  [`it's "a b" and 'c', won't`, `it's "<str>" and '<str>', won't`],
  [`"GET /a/b?c=1 HTTP/1.1" 200 12 "-"`, `"GET <path>" <num> <num> "<str>"`],
  [`level=info msg="order 5 placed" user="x"`, `level=info msg="order <num> placed" user="<str>"`],
  [`I1121 05:00:00.123456       1 a.go:8] "Syncing 3" b="c"`, `I<time> <num> a.go:<num>] "Syncing <num>" b="<str>"`],
  [`info {"a": "b", 'c': 'd'}`, `info {"a": "<str>", 'c': '<str>'}`],
  ["ids [1, 2, 3] and (4,5)", "ids [<num>] and (<num>)"],
  ["\u001b[32mINFO\u001b[0m  ready \t now", "INFO ready now"],
  ["\n  Exception: no\n\tat com.x\n", "Exception: no …"],
  ["第3次，订单 ab12cd34ef56", "第<num>次，订单 <hex>"],
  ["", ""],
  [" \n ", ""],
])("%j is %j", (message, pattern) => {
  expect(maskOf(message)).toBe(pattern);
});

test.each([
  [`{"level":"info","msg":"order 5 placed","id":"x"}`, `{"msg":"order <num> placed",…}`],
  [`{"message":"a\\nb","error":"no 1"}`, `{"message":"a…","error":"no <num>"}`],
  [
    `{"a": 1, "b":"x", "c":[1,"]"], "d":{"e":"}"}, "f":true, "g":"", "h":null}`,
    `{"a":<num>,"b":"<str>","c":<list>,"d":<obj>,"f":<bool>,"g":"","h":<bool>}`,
  ],
  [`{"msg":5,"a":"b"}`, `{"msg":<num>,"a":"<str>"}`],
  ["{}", "{}"],
  [`{"a":1`, `{"a":<num>`],
  [`{"a":1} b`, `{"a":<num>} b`],
])("JSON %j is %j", (message, pattern) => {
  expect(maskOf(message)).toBe(pattern);
});

test("a long message is looked at up to 2 KB, whole characters alone", () => {
  const pattern = maskOf("é".repeat(5000));
  expect(pattern).toBe(`${"é".repeat(1024)} …`);
});

function maskOf(message: string): string {
  const bytes = Buffer.alloc(50_000);
  const masked = createMasked();
  const length = bytes.write(message);
  maskMessage(bytes, 0, length, masked);
  return patternOf({ text: masked.out.toString("utf8", 0, masked.length), rows: 1, values: [] });
}
