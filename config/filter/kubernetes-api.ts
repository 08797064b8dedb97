import path from "node:path";

import type { Option, OptionGroup, Settings } from "../option.ts";
import { onOff, type Reading, type RenderedOptions } from "../plugin.ts";
import type { RawSection } from "../raw.ts";
import { formatDuration } from "../scalar.ts";
import { checkApiUrl } from "../url.ts";

/** Where pods are asked for. */
export interface KubernetesApiConfig {
  readonly url: string;
  readonly tokenFile: string;
  readonly tokenTtlMs: number;
  readonly caFile: string | null;
  readonly caPath: string | null;
  readonly verify: boolean;
  /** Null: on for an API server, off for a kubelet, whose certificate doesn't name 127.0.0.1. */
  readonly verifyHostname: boolean | null;
  /** The name in the certificate, if it is not the URL's. */
  readonly serverName: string | null;
  /** The node's kubelet instead of the API server. */
  readonly kubelet: { readonly host: string; readonly port: number } | null;
}

/** What the kubernetes filter takes from the API, and how long a file waits for it. */
export interface PodMetadataConfig {
  /** Null: the paths of the files say all there is. */
  readonly api: KubernetesApiConfig | null;
  readonly waitMs: number;
  readonly labels: boolean;
  readonly annotations: boolean;
  readonly ownerReferences: boolean;
  readonly namespaceLabels: boolean;
  readonly namespaceAnnotations: boolean;
  readonly loggingExclude: boolean;
}

const SECRETS = "/var/run/secrets/kubernetes.io/serviceaccount";

export const POD_METADATA = {
  kube_url: text(
    "https://kubernetes.default.svc",
    "The API server. Its default stands for the cluster that the agent runs in; outside of one, paths say all there is.",
  ),
  kube_ca_file: text(`${SECRETS}/ca.crt`, "Certificates, in PEM, that the API server's is checked by."),
  kube_ca_path: {
    type: "string",
    default: null,
    origin: "fluent-bit",
    doc: "Folder of such files, taken beside `kube_ca_file`.",
  },
  kube_token_file: text(`${SECRETS}/token`, "The ServiceAccount's token. Read again when it is refused."),
  kube_token_ttl: {
    type: "duration",
    default: "10m",
    min: "1s",
    origin: "fluent-bit",
    doc: "How long a token is used before its file is read again.",
  },
  kube_meta_wait: {
    type: "duration",
    default: "5s",
    max: "10m",
    origin: "ours",
    doc: "How long a new file waits for its pod to be known, before it is shipped with what its path says; to S3 and directories `upload_timeout`, if that is longer.",
  },
  use_kubelet: flag("off", "Ask the node's kubelet for its pods, not the API server."),
  kubelet_host: text("127.0.0.1", "The kubelet's address."),
  kubelet_port: {
    type: "integer",
    default: "10250",
    min: "1",
    max: "65535",
    origin: "fluent-bit",
    doc: "The kubelet's port.",
  },
  use_tag_for_meta: flag("off", "Take metadata from the path alone, and ask no API."),
  "tls.verify": flag("on", "Check the server's certificate."),
  "tls.verify_hostname": {
    type: "boolean",
    default: null,
    origin: "fluent-bit",
    doc: "Check that the certificate is the server's; without it for an API server, not for a kubelet.",
  },
  "tls.vhost": {
    type: "string",
    default: null,
    origin: "fluent-bit",
    doc: "The name in the server's certificate, if it is not that of the URL.",
  },
  labels: flag("on", "Labels of the pod: `kubernetes.labels` of records, column `labels`."),
  annotations: flag("on", "Annotations of the pod: `kubernetes.annotations` of records."),
  owner_references: flag("off", "Owner references of the pod: `kubernetes.ownerReferences` of records."),
  namespace_labels: flag("off", "Labels of the namespace: `kubernetes_namespace.labels` of records. One watch more."),
  namespace_annotations: flag("off", "Annotations of the namespace: `kubernetes_namespace.annotations` of records."),
  "k8s-logging.exclude": flag(
    "off",
    "Let pods exclude logs by annotation: `fluentbit.io/exclude` with value `true`; `_stdout` or `_stderr` behind it means a stream, then `-CONTAINER` one container.",
  ),
} as const satisfies Record<string, Option>;

const NO_CACHE = "the watch keeps what is known of pods up to date";
const NO_RESOLVER = "the API is asked again until it answers";

/** Options of Fluent Bit about the API that have no effect here. */
export const POD_METADATA_IGNORED = {
  buffer_size: "answers are read as they come, whatever their size",
  kube_tag_prefix: "metadata is read from the path, not from the tag",
  kube_namespace_file: "a file's namespace stands in its path",
  kube_meta_cache_ttl: NO_CACHE,
  kube_meta_namespace_cache_ttl: NO_CACHE,
  cache_use_docker_id: "pods are known by their uid",
  "dns_*": NO_RESOLVER,
  "tls.debug": "the reason of a failure is in the log",
  "aws_*": "entities of Application Signals are not made",
  use_pod_association: "entities of Application Signals are not made",
  set_platform: "entities of Application Signals are not made",
} as const;

export const POD_METADATA_LATER = {
  kube_token_command: "write the token into a file, and name it by kube_token_file",
  namespace_metadata_only: "remove it; labels: off and annotations: off leave out what is the pod's",
  use_journal: "",
  dummy_meta: "use kube_meta_preload_cache_dir",
} as const;

type Group = OptionGroup & { readonly options: typeof POD_METADATA };

/** Reads the options of `POD_METADATA`. */
export function readPodMetadata(section: RawSection, settings: Settings<Group>, { found }: Reading): PodMetadataConfig {
  checkApiUrl(settings.kube_url, "kube_url", section, found);
  const kubelet = settings.use_kubelet ? { host: settings.kubelet_host, port: settings.kubelet_port } : null;
  return {
    api: settings.use_tag_for_meta ? null : apiOf(settings, kubelet),
    waitMs: settings.kube_meta_wait,
    labels: settings.labels,
    annotations: settings.annotations,
    ownerReferences: settings.owner_references,
    namespaceLabels: settings.namespace_labels,
    namespaceAnnotations: settings.namespace_annotations,
    loggingExclude: settings["k8s-logging.exclude"],
  };
}

/** The options of `POD_METADATA` as texts. */
export function renderPodMetadata(config: PodMetadataConfig): RenderedOptions {
  return {
    ...(config.api === null ? { use_tag_for_meta: "on" } : renderApi(config.api)),
    kube_meta_wait: formatDuration(config.waitMs),
    labels: onOff(config.labels),
    annotations: onOff(config.annotations),
    owner_references: onOff(config.ownerReferences),
    namespace_labels: onOff(config.namespaceLabels),
    namespace_annotations: onOff(config.namespaceAnnotations),
    "k8s-logging.exclude": onOff(config.loggingExclude),
  };
}

function apiOf(settings: Settings<Group>, kubelet: KubernetesApiConfig["kubelet"]): KubernetesApiConfig {
  return {
    url: settings.kube_url,
    tokenFile: path.resolve(settings.kube_token_file),
    tokenTtlMs: settings.kube_token_ttl,
    caFile: path.resolve(settings.kube_ca_file),
    caPath: settings.kube_ca_path === null ? null : path.resolve(settings.kube_ca_path),
    verify: settings["tls.verify"],
    verifyHostname: settings["tls.verify_hostname"],
    serverName: settings["tls.vhost"],
    kubelet,
  };
}

function renderApi(api: KubernetesApiConfig): RenderedOptions {
  return {
    kube_url: api.url,
    kube_ca_file: api.caFile,
    kube_ca_path: api.caPath,
    kube_token_file: api.tokenFile,
    kube_token_ttl: formatDuration(api.tokenTtlMs),
    "tls.verify": onOff(api.verify),
    "tls.verify_hostname": api.verifyHostname === null ? null : onOff(api.verifyHostname),
    "tls.vhost": api.serverName,
    ...(api.kubelet !== null && {
      use_kubelet: "on",
      kubelet_host: api.kubelet.host,
      kubelet_port: String(api.kubelet.port),
    }),
  };
}

function text<const Default extends string>(value: Default, doc: string) {
  return { type: "string", default: value, origin: "fluent-bit", doc } as const;
}

function flag<const Default extends "on" | "off">(value: Default, doc: string) {
  return { type: "boolean", default: value, origin: "fluent-bit", doc } as const;
}
