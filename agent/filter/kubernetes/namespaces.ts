import type { ObjectSink } from "./watch.ts";

type Texts = Readonly<Record<string, string>>;

export interface NamespaceFacts {
  readonly labels: Texts | null;
  readonly annotations: Texts | null;
}

interface Namespace {
  readonly metadata?: { readonly name?: string; readonly labels?: Texts; readonly annotations?: Texts };
}

/** The namespaces of the cluster by name. One that is deleted stays until the next list: its last logs are still to come. */
export class NamespaceCache implements ObjectSink {
  #byName = new Map<string, NamespaceFacts>();
  #listed: Map<string, NamespaceFacts> | null = null;

  find(name: string): NamespaceFacts | null {
    return this.#byName.get(name) ?? null;
  }

  beginList(): void {
    this.#listed = new Map();
  }

  put(object: unknown): void {
    const { name, labels = null, annotations = null } = (object as Namespace).metadata ?? {};
    if (name !== undefined) (this.#listed ?? this.#byName).set(name, { labels, annotations });
  }

  delete(): void {}

  endList(): void {
    if (this.#listed !== null) this.#byName = this.#listed;
    this.#listed = null;
  }
}
