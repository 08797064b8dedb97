import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBed, type Bed } from "./bed.ts";

let bed: Bed;
beforeAll(async () => {
  bed = await openBed();
});
afterAll(() => bed[Symbol.asyncDispose]());

const OPEN_LINK = "open the link that logq ui printed when it started";

/** PORT stands for the server's. */
const COOKIE = { Cookie: "logq-PORT=the-token-of-this-server" };
const JSON_BODY = { "Content-Type": "application/json" };
const ARGS = '{"args":["select 1"]}';

test.each<[what: string, path: string, headers: Record<string, string>]>([
  ["no token", "/", {}],
  ["no token, for a file", "/main.js", {}],
  ["no token, for what is not there", "/nothing", {}],
  ["a wrong token in the address", "/?token=guess", {}],
  ["a wrong token in the address, beside a right cookie", "/?token=guess", COOKIE],
  ["an empty token", "/?token=", {}],
  ["a token that is half of it", "/?token=the-token", {}],
  ["a token in the address of a question", "/api/session?token=the-token-of-this-server", {}],
  ["a wrong cookie", "/api/session", { Cookie: "logq-PORT=guess" }],
  ["the cookie of another port", "/api/session", { Cookie: "logq-1=the-token-of-this-server" }],
  ["a cookie whose name only ends so", "/api/session", { Cookie: "x-logq-PORT=the-token-of-this-server" }],
  ["another page's Origin", "/api/session", { ...COOKIE, Origin: "https://evil.example" }],
  ["an Origin without one (a sandboxed frame, a file)", "/api/session", { ...COOKIE, Origin: "null" }],
  ["the Origin of another port of this machine", "/api/session", { ...COOKIE, Origin: "http://127.0.0.1:3000" }],
  ["our Origin by TLS", "/api/session", { ...COOKIE, Origin: "https://127.0.0.1:PORT" }],
  ["our other name as Origin", "/api/session", { ...COOKIE, Origin: "http://localhost:PORT" }],
  ["a request that another site began", "/api/session", { ...COOKIE, "Sec-Fetch-Site": "cross-site" }],
  ["a request that another port began", "/api/session", { ...COOKIE, "Sec-Fetch-Site": "same-site" }],
  ["a link on another site, token and all", "/?token=the-token-of-this-server", { "Sec-Fetch-Site": "cross-site" }],
])("%s: 403, and what to do", async (_, path, headers) => {
  const { status, body } = await bed.raw(path, { headers: ported(headers) });
  expect(status).toBe(403);
  expect(body).toMatch(/^logq ui: [^\n]+\n$/);
  expect(body).toContain(OPEN_LINK);
});

test.each([
  "evil.example",
  "evil.example:PORT",
  "127.0.0.1.evil.example:PORT",
  "localhost.evil.example:PORT",
  "127.0.0.1",
  "127.0.0.1:1",
  "127.1:PORT",
  "0.0.0.0:PORT",
  "[::1]:PORT",
  "LOCALHOST:PORT",
  "127.0.0.1:PORT@evil.example",
  "localhost.:PORT",
])("a name that resolves to this machine is none of ours: Host %j is refused", async (host) => {
  const headers = ported({ ...COOKIE, Host: host });
  for (const path of ["/", "/?token=the-token-of-this-server", "/api/session"]) {
    const { status, body, headers: answered } = await bed.raw(path, { headers });
    expect(status).toBe(403);
    expect(body).toContain(`http://127.0.0.1:${bed.port}`);
    expect(answered["set-cookie"]).toBeUndefined();
  }
});

test.each<[what: string, head: string, status: number]>([
  ["no Host, in HTTP 1.0", "GET / HTTP/1.0\r\n", 403],
  ["no Host, in HTTP 1.1", "GET / HTTP/1.1\r\n", 400],
  ["two of them, ours last", "GET / HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1:PORT\r\n", 403],
])("%s is refused", async (_, head, status) => {
  const socket = connect(bed.port, "127.0.0.1");
  socket.write(
    `${head.replace("PORT", String(bed.port))}Cookie: ${ported(COOKIE)["Cookie"]}\r\nConnection: close\r\n\r\n`,
  );
  expect((await text(socket)).split(" ")[1]).toBe(String(status));
});

test("the link gives the cookie, and an address without the token", async () => {
  const { status, headers } = await bed.raw("/?token=the-token-of-this-server");
  expect(status).toBe(303);
  expect(headers.location).toBe("/");
  expect(headers["set-cookie"]).toEqual([
    `logq-${bed.port}=the-token-of-this-server; HttpOnly; SameSite=Strict; Path=/`,
  ]);
});

test.each<[what: string, headers: Record<string, string>]>([
  ["the cookie alone", COOKIE],
  ["among other cookies", { Cookie: `a=b; ${COOKIE.Cookie}; c="d"` }],
  ["by our other name", { ...COOKIE, Host: "localhost:PORT", Origin: "http://localhost:PORT" }],
  ["from the page", { ...COOKIE, Origin: "http://127.0.0.1:PORT", "Sec-Fetch-Site": "same-origin" }],
  ["typed into the address bar", { ...COOKIE, "Sec-Fetch-Site": "none" }],
])("%s is let in", async (_, headers) => {
  expect(await bed.raw("/api/session", { headers: ported(headers) })).toMatchObject({ status: 200 });
});

test.each<[method: string, path: string, status: number]>([
  ["POST", "/", 405],
  ["HEAD", "/", 405],
  ["OPTIONS", "/api/run", 405],
  ["GET", "/api/run", 405],
  ["GET", "/api/command", 405],
  ["PUT", "/api/session", 405],
  ["DELETE", "/api/session", 405],
  ["TRACE", "/", 405],
  ["GET", "/nothing", 404],
  ["GET", "//", 404],
  ["GET", "/index.html", 404],
  ["GET", "/../../etc/passwd", 404],
  ["GET", "/%2e%2e/%2e%2e/etc/passwd", 404],
  ["GET", "/..%5c..%5cwindows", 404],
  ["GET", "/main.js/../../../etc/passwd", 404],
  ["GET", "/\\..\\etc\\passwd", 404],
  ["GET", "/__proto__", 404],
  ["GET", "http://evil.example/", 404],
  ["OPTIONS", "*", 404],
])("%s %s is %d", async (method, path, status) => {
  const answer = await bed.raw(path, { method, headers: ported(COOKIE) });
  expect(answer.status).toBe(status);
  expect(answer.headers.allow ?? "").toMatch(status === 405 ? /^(?:GET|POST)$/ : /^$/);
  expect(answer.body).toMatch(method === "HEAD" ? /^$/ : /^logq ui: [^\n]+\n$/);
});

test.each<[what: string, status: number, headers: Record<string, string>, body: string]>([
  ["no content type", 415, {}, ARGS],
  ["a form", 415, { "Content-Type": "application/x-www-form-urlencoded" }, "args=select"],
  ["a content type that needs no preflight", 415, { "Content-Type": "text/plain" }, ARGS],
  ["JSON by another name", 415, { "Content-Type": "application/json5" }, ARGS],
  ["no JSON", 400, JSON_BODY, "{"],
  ["no object", 400, JSON_BODY, "null"],
  ["no list", 400, JSON_BODY, '{"args":"select 1"}'],
  ["a list of numbers", 400, JSON_BODY, '{"args":[1]}'],
  ["3 MB", 413, JSON_BODY, `{"args":["${"x".repeat(3_000_000)}"]}`],
])("a question with %s is %d", async (_, status, headers, body) => {
  for (const path of ["/api/run", "/api/command"]) {
    const answer = await bed.raw(path, { method: "POST", headers: ported({ ...COOKIE, ...headers }), body });
    expect(answer).toMatchObject({ status, body: expect.stringMatching(/^logq ui: [^\n]+\n$/) });
  }
});

test("a question of 200,000 characters, each escaped in JSON, is read", async () => {
  const headers = ported({ ...COOKIE, "Content-Type": "application/json; charset=utf-8" });
  const body = `{"args":["select '${String.raw`\u0041`.repeat(200_000)}'"]}`;
  expect(await bed.raw("/api/command", { method: "POST", headers, body })).toMatchObject({ status: 200 });
});

test("every answer says what a browser may do with it, the refusals too", async () => {
  for (const [path, headers] of [
    ["/", COOKIE],
    ["/", {}],
    ["/nothing", COOKIE],
    ["/api/session", COOKIE],
  ] as const) {
    const answer = await bed.raw(path, { headers: ported(headers) });
    expect(answer.headers).toMatchObject({
      "content-security-policy": expect.stringMatching(
        /^default-src 'none'; .*base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'$/,
      ),
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  }
});

function ported(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, value.replaceAll("PORT", String(bed.port))]);
  return { Host: `127.0.0.1:${bed.port}`, ...Object.fromEntries(entries) };
}
