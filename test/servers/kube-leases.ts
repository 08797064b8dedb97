interface Lease {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly spec: { readonly leaseDurationSeconds?: number };
}

interface Answer {
  readonly code: number;
  readonly body: object;
}

/** Leases of coordination.k8s.io/v1, one by one: made, read and replaced. `test:kube` checks it with a real server. */
export class KubeLeases {
  readonly #leases = new Map<string, Lease>();

  /** Null: this is not about leases. `version` gives the next resourceVersion. */
  answer(method: string, path: string, body: string, version: () => number): Answer | null {
    const [, folder, name] =
      /^(\/apis\/coordination\.k8s\.io\/v1\/namespaces\/[^/]+\/leases)(?:\/([^/]+))?$/.exec(path) ?? [];
    if (folder === undefined) return null;
    if (method === "POST") return this.#make(folder, JSON.parse(body) as Lease, version);
    const key = `${folder}/${name}`;
    const stored = this.#leases.get(key);
    if (stored === undefined) return status(404, "NotFound", `leases.coordination.k8s.io "${name}" not found`);
    if (method === "GET") return { code: 200, body: stored };
    const given = JSON.parse(body) as Lease;
    if (given.metadata.resourceVersion !== stored.metadata.resourceVersion)
      return status(409, "Conflict", "the object has been modified; please apply your changes to the latest version");
    return { code: 200, body: this.#store(key, given, version) };
  }

  #make(folder: string, lease: Lease, version: () => number): Answer {
    const key = `${folder}/${lease.metadata.name}`;
    if (this.#leases.has(key)) return status(409, "AlreadyExists", `${lease.metadata.name} already exists`);
    return { code: 201, body: this.#store(key, lease, version) };
  }

  #store(key: string, lease: Lease, version: () => number): Lease {
    const stored = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(version()) } };
    this.#leases.set(key, stored);
    return stored;
  }
}

function status(code: number, reason: string, message: string): Answer {
  return { code, body: { kind: "Status", status: "Failure", reason, message, code } };
}
