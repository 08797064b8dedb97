import { workloadOfPod } from "./path.ts";

type Texts = Readonly<Record<string, string>>;

/** What the Kubernetes API says of a pod, as far as the table and the records want it. */
export interface PodFacts {
  readonly uid: string | null;
  readonly namespace: string;
  readonly name: string;
  /** The id in the names of the log files of a static pod: not its uid, but the hash of its file. */
  readonly configHash: string | null;
  readonly workload: string;
  readonly labels: Texts | null;
  readonly annotations: Texts | null;
  readonly ownerReferences: readonly unknown[] | null;
  readonly node: string | null;
  readonly ip: string | null;
  /** By container name, those of `initContainers` and ephemeral ones too. */
  readonly containers: ReadonlyMap<string, ContainerFacts>;
}

interface ContainerFacts {
  readonly image: string | null;
  /** `docker.io/library/nginx@sha256:…`: known once the container was started. */
  readonly imageId: string | null;
}

/** The parts of the core/v1 Pod that are read. */
export interface Pod {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Texts;
    readonly annotations?: Texts;
    readonly ownerReferences?: readonly Owner[];
  };
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers?: readonly PodContainer[];
    readonly initContainers?: readonly PodContainer[];
    readonly ephemeralContainers?: readonly PodContainer[];
  };
  readonly status?: {
    readonly podIP?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
  };
}

interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly controller?: boolean;
}

interface PodContainer {
  readonly name: string;
  readonly image?: string;
}

interface ContainerStatus extends PodContainer {
  readonly imageID?: string;
}

/** Which of a pod's facts are kept: what no record shows would be memory for nothing. */
export interface Wanted {
  readonly labels: boolean;
  /** All of them; those that are for a log agent are always kept. */
  readonly annotations: boolean;
  readonly ownerReferences: boolean;
}

/** Annotations that tell log agents what to do: `annotations.ts` reads them. */
const FOR_AGENTS = "fluentbit.io/";
const CONFIG_HASH = "kubernetes.io/config.hash";

/** Reduces a pod to its facts. `names`: its namespace and name where the object does not say them. */
export function podFacts(pod: Pod, wanted: Wanted, names: { namespace: string; name: string } | null = null): PodFacts {
  const { metadata = {}, spec = {}, status = {} } = pod;
  const name = metadata.name ?? names?.name ?? "";
  const { annotations = {} } = metadata;
  return {
    uid: metadata.uid ?? null,
    namespace: metadata.namespace ?? names?.namespace ?? "",
    name,
    configHash: annotations[CONFIG_HASH] ?? null,
    workload: workloadOf(name, pod),
    labels: wanted.labels ? (metadata.labels ?? null) : null,
    annotations: keptAnnotations(annotations, wanted.annotations),
    ownerReferences: wanted.ownerReferences ? (metadata.ownerReferences ?? null) : null,
    node: spec.nodeName ?? null,
    ip: status.podIP ?? null,
    containers: containersOf(spec, status),
  };
}

function keptAnnotations(annotations: Texts, all: boolean): Texts | null {
  const kept = Object.entries(annotations).filter(([key]) => all || key.startsWith(FOR_AGENTS));
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

/**
 * The owner people know. A ReplicaSet is called `<Deployment>-<hash>`, and the pod's label says the hash; a CronJob's Job
 * `<CronJob>-<minutes since 1970>`; a static pod, owned by its node, `<name>-<node>`. So no other object has to be asked for.
 */
function workloadOf(pod: string, { metadata = {}, spec = {} }: Pod): string {
  const owner = metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner === undefined) return workloadOfPod(pod);
  const { labels = {} } = metadata;
  switch (owner.kind) {
    case "ReplicaSet": {
      const hash = labels["pod-template-hash"] ?? labels["rollouts-pod-template-hash"];
      // Without the label it is a ReplicaSet that somebody made by hand, or its label was taken away.
      return hash === undefined ? workloadOfPod(pod) : withoutSuffix(owner.name, `-${hash}`);
    }
    case "Job":
      return owner.name.replace(/-\d{8,10}$/, "");
    case "Node":
      return withoutSuffix(pod, `-${spec.nodeName ?? owner.name}`);
    default:
      return owner.name;
  }
}

function withoutSuffix(text: string, suffix: string): string {
  return text.endsWith(suffix) && text.length > suffix.length ? text.slice(0, -suffix.length) : text;
}

function containersOf(spec: NonNullable<Pod["spec"]>, status: NonNullable<Pod["status"]>): Map<string, ContainerFacts> {
  const specs = [spec.containers, spec.initContainers, spec.ephemeralContainers].flatMap((list) => list ?? []);
  const started = new Map(
    [status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses]
      .flatMap((list) => list ?? [])
      .map((each) => [each.name, each]),
  );
  return new Map(
    specs.map(({ name, image }) => {
      // What was started is the image's full name, as Fluent Bit writes it.
      const { image: startedImage, imageID } = started.get(name) ?? {};
      return [name, { image: startedImage || (image ?? null), imageId: withoutScheme(imageID) }];
    }),
  );
}

/** `docker-pullable://nginx@sha256:…` → `nginx@sha256:…`. */
function withoutScheme(imageId: string | undefined): string | null {
  return imageId === undefined || imageId === "" ? null : imageId.replace(/^[a-z-]+:\/+/, "");
}
