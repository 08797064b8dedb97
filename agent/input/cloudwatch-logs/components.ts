import { hash } from "node:crypto";
import type { ControlPlaneType } from "../../../config/input/cloudwatch-logs.ts";

/** What the name of a stream says. */
export interface StreamOrigin {
  /** `kube-apiserver`; of other groups' streams their name without its end. */
  readonly component: string;
  /** What tells the component's instances apart, a new one of which begins a new stream; '' if there is nothing. */
  readonly instance: string;
  readonly type: ControlPlaneType | null;
}

/** Of EKS: the component and then hex digits (user guide, "Send control plane logs to CloudWatch Logs"). The longer prefix first. */
const PREFIXES: readonly (readonly [prefix: string, type: ControlPlaneType])[] = [
  ["kube-apiserver-audit-", "audit"],
  ["kube-apiserver-", "api"],
  ["authenticator-", "authenticator"],
  ["kube-controller-manager-", "controllerManager"],
  ["cloud-controller-manager-", "controllerManager"],
  ["kube-scheduler-", "scheduler"],
];

export function streamOrigin(stream: string): StreamOrigin {
  for (const [prefix, type] of PREFIXES)
    if (stream.startsWith(prefix))
      return { component: prefix.slice(0, -1), instance: stream.slice(prefix.length), type };
  const [, component = stream, instance = ""] = /^(.+)-([0-9a-f]{8,})$/.exec(stream) ?? [];
  return { component, instance, type: null };
}

/** Which streams an input takes; nothing said: all. */
export interface StreamChoice {
  readonly types: readonly ControlPlaneType[];
  readonly streamPrefixes: readonly string[];
}

export function takesStream({ types, streamPrefixes }: StreamChoice, stream: string): boolean {
  if (types.length === 0 && streamPrefixes.length === 0) return true;
  if (streamPrefixes.some((prefix) => stream.startsWith(prefix))) return true;
  const { type } = streamOrigin(stream);
  return type !== null && types.includes(type);
}

/**
 * The prefixes to ask for, one request each: as few as reach all that is taken, none of them the beginning of another. Null
 * stands for every stream. What they reach beyond (`kube-apiserver-` the audit log) is left out by `takesStream`.
 */
export function prefixesToAsk({ types, streamPrefixes }: StreamChoice): readonly (string | null)[] {
  const own = PREFIXES.filter(([, type]) => types.includes(type)).map(([prefix]) => prefix);
  const all = [...new Set([...streamPrefixes, ...own])];
  if (all.length === 0) return [null];
  return all.filter((prefix) => !all.some((other) => other !== prefix && prefix.startsWith(other)));
}

/** A name for a stream's folder: its own where that is one, else what is left of it and a hash. */
export function sourceName(stream: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(stream)) return stream;
  const left = stream.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-/, "");
  return `${left.slice(0, 80) || "stream"}.${hash("sha256", stream).slice(0, 16)}`;
}
