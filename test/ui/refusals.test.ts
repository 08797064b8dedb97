import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sampleRows, writeRows } from "../helpers/store.ts";
import { makeBed, wholeResult, type Bed } from "./bed.ts";

let bed: Bed;
beforeAll(async () => {
  bed = await makeBed((store) => writeRows(store, sampleRows()));
});
afterAll(() => bed.close());

describe("in a browser", () => {
  test("a page without the token gets 403, and one sentence that says what to do", async () => {
    const page = await (await bed.browser.newContext()).newPage();
    const response = (await page.goto(`${bed.origin}/`))!;
    expect(response.status()).toBe(403);
    expect(await response.text()).toContain("logq ui");
    const wrong = await page.goto(`${bed.origin}/?token=wrong`);
    expect(wrong!.status()).toBe(403);
  });

  test("a page of another origin gets 403, although the browser of the user asks", async () => {
    const { page, context } = await bed.open("query=select%20*&all-time");
    await wholeResult(page);
    await using foreign = await foreignSite();
    const evil = await context.newPage();
    await evil.goto(foreign.origin);
    // What the server answered: the browser does not show it to that page, nor to a test.
    const asked = new Set<string>();
    const answers: { readonly requestId: string; readonly statusCode: number }[] = [];
    const network = await context.newCDPSession(evil);
    // The other site is asked too, for its icon.
    network.on("Network.requestWillBeSent", ({ requestId, request: { url } }) => {
      if (url.startsWith(bed.origin)) asked.add(requestId);
    });
    network.on("Network.responseReceivedExtraInfo", (answer) => answers.push(answer));
    const statuses = (): number[] =>
      answers.filter(({ requestId }) => asked.has(requestId)).map(({ statusCode }) => statusCode);
    await network.send("Network.enable");
    const ask = (path: string, mode: string): Promise<unknown> =>
      evil.evaluate(`fetch("${bed.origin}${path}", { method: "POST", mode: "${mode}", credentials: "include",
        body: '{"args":["select *"]}' }).then((response) => response.text(), () => "blocked")`);
    // What a page may send without asking first, and what it has to ask for.
    expect(await ask("/api/run", "no-cors")).toBe("blocked");
    expect(await ask("/api/run", "cors")).toBe("blocked");
    expect(
      await evil.evaluate(`fetch("${bed.origin}/api/session", { credentials: "include" }).catch(() => "blocked")`),
    ).toBe("blocked");
    await expect.poll(() => statuses().length).toBeGreaterThanOrEqual(3);
    expect(new Set(statuses())).toEqual(new Set([403]));
    // Nor is it shown in a frame.
    await evil.evaluate(
      `document.body.append(Object.assign(document.createElement("iframe"), { src: "${bed.origin}/" }))`,
    );
    await evil.waitForFunction("document.querySelector('iframe').contentDocument === null");
    expect(await evil.frames()[1]?.locator("#query").count()).toBe(0);
  });

  test("the token is no longer in the address once the page is there, nor can a script read it", async () => {
    const { page } = await bed.open("query=select%20*&all-time");
    await wholeResult(page);
    expect(page.url()).not.toContain("token");
    expect(await page.evaluate("document.cookie")).toBe("");
    expect(await page.evaluate("document.referrer")).not.toContain("token");
  });
});

describe("over plain HTTP", () => {
  test.each([
    ["no cookie", {}],
    ["a wrong cookie", { cookie: "logq-PORT=wrong" }],
    ["a wrong Host", { cookie: "logq-PORT=TOKEN", host: "evil.example" }],
    ["a name that was made to point here", { cookie: "logq-PORT=TOKEN", host: "127.0.0.1.evil.example:PORT" }],
    ["a Host with another port", { cookie: "logq-PORT=TOKEN", host: "127.0.0.1:1" }],
    ["a foreign Origin", { cookie: "logq-PORT=TOKEN", origin: "http://evil.example" }],
    ["the Origin of a sandboxed frame", { cookie: "logq-PORT=TOKEN", origin: "null" }],
    ["another site", { cookie: "logq-PORT=TOKEN", "sec-fetch-site": "cross-site" }],
  ])("%s: 403", async (_, headers) => {
    for (const path of ["/api/run", "/api/command"]) {
      const { status, body } = await post(path, headers);
      expect(status).toBe(403);
      expect(body.trim()).toMatch(/^\S.*$/);
    }
  });

  test("with everything right: rows", async () => {
    const { status, body } = await post("/api/run", { cookie: "logq-PORT=TOKEN", origin: bed.origin });
    expect(status).toBe(200);
    expect(body).toContain('#{"end":{"rows":1,');
  });
});

async function post(path: string, given: Record<string, string>): Promise<{ status: number; body: string }> {
  const { port, searchParams } = new URL(bed.url);
  const headers = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      value.replace("PORT", port).replace("TOKEN", searchParams.get("token")!),
    ]),
  );
  const asking = request({
    host: "127.0.0.1",
    port,
    path,
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
  });
  asking.end('{"args":["select count(*) as n"]}');
  const [response] = (await once(asking, "response")) as [import("node:http").IncomingMessage];
  const chunks = await response.toArray();
  return { status: response.statusCode!, body: Buffer.concat(chunks as Buffer[]).toString() };
}

/** A site that the user happens to visit. */
async function foreignSite(): Promise<{ origin: string } & AsyncDisposable> {
  const server = createServer((_, response) =>
    response.setHeader("content-type", "text/html").end("<!doctype html><p>hi"),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
