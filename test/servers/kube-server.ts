import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { KubeLeases } from "./kube-leases.ts";

/** What the server does wrong, to its next requests. */
export interface KubeFaults {
  /** Answers so many requests with this status. */
  status?: { code: number; times: number; retryAfter?: number };
  /** So many pages after the first are answered with 410. */
  expirePages?: number;
  /** So many lists are cut off in the middle of their text. */
  cutLists?: number;
  /** So many watches are accepted, and then nothing comes, or what is no JSON. */
  hangWatches?: number;
  garbageWatches?: number;
}

interface KubeObject {
  readonly metadata: { readonly uid: string; readonly name: string; resourceVersion?: string };
  readonly spec?: { readonly nodeName?: string };
}

interface Change {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubeObject;
}

/**
 * The part of a kube-apiserver that logq asks: paged lists and watches of pods and namespaces, with bookmarks, 410 for
 * versions it has forgotten, and tokens; and leases. `test:kube` checks each of these habits with a real one.
 */
export class KubeServer implements AsyncDisposable {
  readonly faults: KubeFaults = {};
  /** Requests in their order, by what they ask for. */
  readonly requests: { readonly kind: "list" | "watch"; readonly url: URL; readonly socket: number }[] = [];
  /** Tokens that are let in; null: no token is asked for. */
  tokens: Set<string> | null = null;
  version = 100;
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #changes = new Map<string, Change[]>();
  readonly #watches = new Set<{ path: string; selector: string | null; response: ServerResponse }>();
  /** Changes up to this version are forgotten. */
  #compacted = 0;
  readonly #leases = new KubeLeases();
  readonly #server = createServer((request, response) => void this.#read(request, response));

  static async start(port = 0): Promise<KubeServer> {
    const server = new KubeServer();
    server.#server.listen(port, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  put(path: string, object: KubeObject): void {
    const objects = this.#of(path);
    const type = objects.has(object.metadata.uid) ? "MODIFIED" : "ADDED";
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.version) } };
    objects.set(object.metadata.uid, stored);
    this.#changed(path, type, stored);
  }

  delete(path: string, uid: string): void {
    const object = this.#of(path).get(uid)!;
    this.#of(path).delete(uid);
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.version) } };
    this.#changed(path, "DELETED", last);
  }

  /** Tells every watch how far it has come. */
  bookmark(): void {
    for (const { response } of this.#watches)
      response.write(line("BOOKMARK", { kind: "Pod", metadata: { resourceVersion: String(this.version) } }));
  }

  /** Forgets the past: versions before now are gone. */
  compact(): void {
    this.#compacted = this.version;
    this.#changes.clear();
  }

  /** Ends the watches, as a server does that stops or has waited long enough. */
  endWatches(how: "end" | "reset" = "end"): void {
    for (const { response } of this.#watches) {
      if (how === "end") response.end();
      else response.destroy();
    }
    this.#watches.clear();
  }

  /** Ends the watches with the error that a version was forgotten meanwhile. */
  expireWatches(): void {
    for (const { response } of this.#watches) response.end(line("ERROR", gone()));
    this.#watches.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #read(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    this.#answer(request, body, response);
  }

  #answer(request: IncomingMessage, body: string, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", this.url);
    const kind = url.searchParams.get("watch") === "1" ? "watch" : "list";
    this.requests.push({ kind, url, socket: request.socket.remotePort ?? 0 });
    const { status } = this.faults;
    if (status !== undefined && status.times > 0) {
      status.times--;
      const headers = status.retryAfter === undefined ? {} : { "retry-after": String(status.retryAfter) };
      return send(response, status.code, { kind: "Status", message: "as the test said", code: status.code }, headers);
    }
    const token = request.headers.authorization?.replace("Bearer ", "");
    if (this.tokens !== null && !this.tokens.has(token ?? ""))
      return send(response, 401, { kind: "Status", message: "Unauthorized", code: 401 });
    const lease = this.#leases.answer(request.method!, url.pathname, body, () => ++this.version);
    if (lease !== null) return send(response, lease.code, lease.body);
    if (kind === "watch") this.#watch(url, response);
    else this.#list(url, response);
  }

  #list(url: URL, response: ServerResponse): void {
    const limit = Number(url.searchParams.get("limit") ?? Infinity);
    const from = Number(url.searchParams.get("continue") ?? 0);
    const { faults } = this;
    if (from > 0 && (faults.expirePages ?? 0) > 0) {
      faults.expirePages!--;
      return send(response, 410, gone());
    }
    const all = [...this.#of(url.pathname).values()].filter((object) => selects(url, object));
    const next = from + limit < all.length ? String(from + limit) : undefined;
    const metadata = { resourceVersion: String(this.version), continue: next };
    const list = { kind: "PodList", apiVersion: "v1", metadata, items: all.slice(from, from + limit) };
    if ((faults.cutLists ?? 0) === 0) return send(response, 200, list);
    faults.cutLists!--;
    response.writeHead(200, { "content-type": "application/json" });
    const text = JSON.stringify(list);
    response.write(text.slice(0, text.length / 2), () => response.destroy());
  }

  #watch(url: URL, response: ServerResponse): void {
    const { faults } = this;
    const from = Number(url.searchParams.get("resourceVersion"));
    if (from < this.#compacted) {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(line("ERROR", gone()));
      return;
    }
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    if ((faults.hangWatches ?? 0) > 0) {
      faults.hangWatches!--;
      return;
    }
    if ((faults.garbageWatches ?? 0) > 0) {
      faults.garbageWatches!--;
      response.end("<html>a proxy's words</html>\n");
      return;
    }
    for (const { version, type, object } of this.#changes.get(url.pathname) ?? [])
      if (version > from && selects(url, object)) response.write(line(type, object));
    const watch = { path: url.pathname, selector: url.searchParams.get("fieldSelector"), response };
    this.#watches.add(watch);
    response.on("close", () => this.#watches.delete(watch));
  }

  #changed(path: string, type: Change["type"], object: KubeObject): void {
    const changes = this.#changes.get(path) ?? [];
    this.#changes.set(path, [...changes, { version: this.version, type, object }]);
    for (const { path: watched, selector, response } of this.#watches)
      if (watched === path && matches(selector, object)) response.write(line(type, object));
  }

  #of(path: string): Map<string, KubeObject> {
    let objects = this.#objects.get(path);
    if (objects === undefined) this.#objects.set(path, (objects = new Map<string, KubeObject>()));
    return objects;
  }
}

function selects(url: URL, object: KubeObject): boolean {
  return matches(url.searchParams.get("fieldSelector"), object);
}

function matches(selector: string | null, object: KubeObject): boolean {
  return selector === null || selector === `spec.nodeName=${object.spec?.nodeName}`;
}

function gone(): object {
  return { kind: "Status", status: "Failure", message: "too old resource version", reason: "Expired", code: 410 };
}

function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function send(response: ServerResponse, code: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(code, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
