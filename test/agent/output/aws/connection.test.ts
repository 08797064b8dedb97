import { createHash, createHmac, randomBytes } from "node:crypto";
import dns from "node:dns";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { openService } from "../../../../aws/service.ts";
import { Connection, type Request } from "../../../../agent/output/aws/connection.ts";
import { Fault } from "../../../../agent/output/retry.ts";
import "../s3/bed.ts"; // credentials

const NEVER = { timeoutMs: 30_000, signal: null };

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function listening(server: Server | ReturnType<typeof createTcpServer>) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => void server.close(),
  };
}

function connect(endpoint: string, name: "s3" | "logs" = "s3"): Connection {
  const aws = { region: "eu-west-1", endpoint, profile: null, roleArn: null, externalId: null, stsEndpoint: null };
  return new Connection({
    open: async () => await openService(name, aws, name === "s3" ? "logs" : null),
    errorOf: () => null,
    needsCredentials: () => false,
    faultOf: (error) => new Fault("retryable", error.name, error.message, error),
  });
}

interface Taken {
  readonly request: IncomingMessage;
  readonly body: Buffer;
}

/** A server that keeps what it takes. */
function taking(taken: Taken[], answer: RequestListener = (_, response) => void response.end()): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      taken.push({ request, body: Buffer.concat(chunks) });
      answer(request, response);
    });
  });
}

/**
 * The signature that a request must have, by the description of the algorithm
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html), from what arrived.
 */
function signatureOf({ method, url = "", headers }: IncomingMessage, body: Buffer, secret: string): string {
  const [, scope = "", names = ""] = /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+)/.exec(headers.authorization!)!;
  const [path = "", query = ""] = url.split("?");
  const sorted = query.split("&").toSorted().join("&");
  const said = names.split(";").map((name) => `${name}:${String(headers[name])}\n`);
  const canonical = [method, path, sorted, said.join(""), names, hash(body)].join("\n");
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hash(canonical)].join("\n");
  return mac(scope.split("/").reduce<string | Buffer>(mac, `AWS4${secret}`), text).toString("hex");
}

function hash(data: Buffer | string): string {
  return createHash("sha256").update(data).digest("hex");
}

function mac(key: string | Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

test.each<[string, "s3" | "logs", Request]>([
  [
    "a key that needs encoding",
    "s3",
    { method: "PUT", path: "/a%20%C3%BC%281%29/b%3Dc%2Bd", body: [Buffer.from("x")] },
  ],
  ["a query", "s3", { method: "GET", path: "", query: { uploads: "", prefix: "a/b=c (1)&d", "key-marker": "ü" } }],
  ["headers", "s3", { method: "HEAD", path: "/k", headers: { "x-amz-meta-a": "1", "if-none-match": "*" } }],
  [
    "a body in pieces",
    "logs",
    { method: "POST", path: "/", body: [Buffer.from("{"), Buffer.alloc(0), Buffer.from("}")] },
  ],
])("a request with %s is signed as the algorithm says", async (_, name, request) => {
  const taken: Taken[] = [];
  using server = await listening(taking(taken));
  await connect(server.endpoint, name).send("Asked", request, NEVER);
  const [{ request: came, body }] = taken as [Taken];
  expect(came.headers.authorization).toMatch(`Signature=${signatureOf(came, body, "test")}`);
  expect(came.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=test\/\d{8}\/eu-west-1\//);
});

test("a large body of many pieces arrives as it is, with its length told", async () => {
  const taken: Taken[] = [];
  using server = await listening(taking(taken));
  const body = [Buffer.from("head"), Buffer.alloc(0), randomBytes(3_000_000), Buffer.from("tail")];
  await connect(server.endpoint).send("Put", { method: "PUT", path: "/k", body }, NEVER);
  const whole = Buffer.concat(body);
  expect(taken[0]!.body.equals(whole)).toBe(true);
  expect(taken[0]!.request.headers["content-length"]).toBe(String(whole.length));
});

test("requests follow each other on one connection", async () => {
  const taken: Taken[] = [];
  const http = taking(taken);
  let connections = 0;
  http.on("connection", () => connections++);
  using server = await listening(http);
  const connection = connect(server.endpoint);
  const body = [Buffer.alloc(200_000)];
  for (const path of ["/a", "/b", "/c"]) await connection.send("Put", { method: "PUT", path, body }, NEVER);
  expect([taken.length, connections]).toEqual([3, 1]);
});

test("after an answer requests are signed by the service's clock, but not by that of a cache", async () => {
  const taken: Taken[] = [];
  const aheadMs = 3 * 3_600_000;
  let age: string | null = null;
  using server = await listening(
    taking(taken, (_, response) => {
      response.setHeader("date", new Date(Date.now() + (age === null ? aheadMs : 0)).toUTCString());
      if (age !== null) response.setHeader("age", age);
      response.end();
    }),
  );
  const connection = connect(server.endpoint);
  for (let n = 0; n < 2; n++) await connection.send("Head", { method: "HEAD", path: "/k" }, NEVER);
  age = "100";
  for (let n = 0; n < 2; n++) await connection.send("Head", { method: "HEAD", path: "/k" }, NEVER);
  const aheadOf = ({ request }: Taken): number => {
    const text = String(request.headers["x-amz-date"]);
    return Date.parse(text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z")) - Date.now();
  };
  expect(taken.map((each) => Math.abs(Math.round(aheadOf(each) / 3_600_000)))).toEqual([0, 3, 3, 3]);
});

test("a body that is refused by its head is not sent", async () => {
  let bodies = 0;
  const http = createServer();
  http.on("checkContinue", (request, response) => {
    request.on("data", () => bodies++);
    response.writeHead(403, { connection: "close" }).end();
  });
  using server = await listening(http);
  const headers = { expect: "100-continue" };
  const request = { method: "PUT", path: "/k", headers, body: [Buffer.alloc(3_000_000)] } as const;
  expect(await connect(server.endpoint).send("Put", request, NEVER)).toMatchObject({ status: 403 });
  expect(bodies).toBe(0);
});

test("who does not know that a body may be waited for gets it after six seconds", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let came = "";
  const tcp = createTcpServer((socket: Socket) => {
    socket.on("data", (chunk) => {
      came += chunk.toString("latin1");
      if (came.endsWith("the body")) socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
  });
  using server = await listening(tcp);
  const headers = { expect: "100-continue" };
  const request = { method: "PUT", path: "/k", headers, body: [Buffer.from("the body")] } as const;
  const sent = connect(server.endpoint).send("Put", request, NEVER);
  while (!came.includes("\r\n\r\n")) await new Promise(setImmediate);
  await vi.advanceTimersByTimeAsync(5900);
  expect(came).not.toContain("the body");
  await vi.advanceTimersByTimeAsync(200);
  expect(await sent).toMatchObject({ status: 200 });
});

test("an answer that comes before the body was sent is the answer", async () => {
  const tcp = createTcpServer((socket: Socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.write("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"));
    socket.once("data", () => socket.pause());
  });
  using server = await listening(tcp);
  const request = { method: "PUT", path: "/k", body: [Buffer.alloc(50_000_000)] } as const;
  expect(await connect(server.endpoint).send("Put", request, NEVER)).toMatchObject({ status: 503 });
});

test("a name that is never resolved is given up after five seconds", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const lookup = vi.spyOn(dns, "lookup").mockImplementation(() => undefined);
  const sent = connect("http://s3.invalid").send("Head", { method: "HEAD", path: "/k" }, NEVER);
  const refused = sent.catch((error: unknown) => error);
  while (lookup.mock.calls.length === 0) await new Promise(setImmediate);
  await vi.advanceTimersByTimeAsync(5000);
  expect(await refused).toMatchObject({ kind: "retryable", code: "TimeoutError" });
});

test("a signal ends what is under way, with its reason", async () => {
  const taken: Taken[] = [];
  using server = await listening(taking(taken, () => undefined));
  const stop = new AbortController();
  const limits = { timeoutMs: 30_000, signal: stop.signal };
  const sent = connect(server.endpoint).send("Head", { method: "HEAD", path: "/k" }, limits);
  const ended = sent.catch((error: unknown) => error);
  while (taken.length === 0) await new Promise(setImmediate);
  stop.abort(new Error("the agent stops"));
  expect(await ended).toMatchObject({ message: "the agent stops" });
});
