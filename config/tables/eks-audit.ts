import { defineTable, type QueryColumn, type SqlType } from "./definition.ts";
import { LOGS } from "./logs.ts";

const DUCKDB_EVENT = "TRY_CAST(log AS JSON)";
/** Broken JSON would be read up to its fault. */
const TRINO_IF_EVENT = "CASE WHEN TRY(json_parse(log)) IS NOT NULL";

/**
 * Kubernetes audit events as the API server writes them (`audit.k8s.io/v1`, "Event" in the reference of kube-apiserver's
 * audit API): from EKS's log group, or a cluster's own files, whatever the agent shipped of them.
 */
export const EKS_AUDIT = defineTable({
  name: "eks_audit",
  meaning: "Kubernetes audit events, of EKS or a cluster of one's own: rows of logs, their JSON as columns",
  columns: [
    { name: "ts", type: "timestamp", meaning: "when the request came, to the millisecond" },
    { name: "ts_ns", type: "bigint", meaning: "the same in nanoseconds since 1970: the exact order" },
    value("audit_id", ["auditID"], "the id of the request: each of its stages is an event"),
    value("audit_level", ["level"], "Metadata, Request or RequestResponse: how much of it the event holds"),
    value("stage", ["stage"], "RequestReceived, ResponseStarted, ResponseComplete or Panic"),
    value("verb", ["verb"], "get, list, watch, create, update, patch, delete …"),
    value("request_uri", ["requestURI"], "the path and query that were asked for"),
    value("user_name", ["user", "username"], "who asked: system:serviceaccount:shop:web, or an IAM role's session"),
    part("user_groups", ["user", "groups"], "the user's groups, as a list"),
    part("user_extra", ["user", "extra"], "what else the authenticator said: on EKS arn, canonicalArn, sessionName …"),
    value("impersonated_user", ["impersonatedUser", "username"], "as whom, with kubectl --as"),
    value("source_ip", ["sourceIPs", 0], "the first address that the request came from"),
    part("source_ips", ["sourceIPs"], "all of them, as a list"),
    value("user_agent", ["userAgent"], "by what: kubectl/v1.33.1 (linux/amd64) …"),
    value("api_group", ["objectRef", "apiGroup"], "apps, rbac.authorization.k8s.io …; null for the core group"),
    value("api_version", ["objectRef", "apiVersion"], "v1 …"),
    value("resource", ["objectRef", "resource"], "pods, secrets, deployments …"),
    value("subresource", ["objectRef", "subresource"], "exec, log, status, scale …"),
    value("namespace", ["objectRef", "namespace"], "the object's namespace"),
    value("name", ["objectRef", "name"], "the object's name"),
    value("status_code", ["responseStatus", "code"], "the HTTP status of the answer: 200, 403 …", "bigint"),
    value("status_reason", ["responseStatus", "reason"], "Forbidden, NotFound, AlreadyExists …"),
    value("status_message", ["responseStatus", "message"], "the same in words"),
    value("decision", ["annotations", "authorization.k8s.io/decision"], "allow or forbid"),
    value("decision_reason", ["annotations", "authorization.k8s.io/reason"], "by which binding it was allowed"),
    part("annotations", ["annotations"], "all annotations of the event"),
    part("request_object", ["requestObject"], "what was sent, at level Request"),
    part("response_object", ["responseObject"], "what was answered, at level RequestResponse"),
    {
      name: "event",
      type: "varchar",
      meaning: "the whole event as JSON: event.user.uid",
      duckDb: "log",
      trino: "log",
      json: { names: [], isRow: false },
    },
    { name: "node", type: "varchar", meaning: "which API server wrote it" },
    { name: "file", type: "varchar", meaning: "the log that it was in" },
    { name: "pos", type: "bigint", meaning: "byte offset in `file` where it starts" },
  ],
  partitions: LOGS.partitions,
  timeColumns: LOGS.timeColumns,
  orderColumns: LOGS.orderColumns,
  aws: null,
  view: {
    of: LOGS,
    is: { source: "control-plane", container: "kube-apiserver-audit" },
    reads: ["ts", "ts_ns", "source", "container", "log", "node", "file", "pos"],
  },
});

type Path = readonly (string | number)[];

/** A text, number or truth value of the event; null if it is not there, or the row holds no JSON. */
function value(name: string, path: Path, meaning: string, type: SqlType = "varchar"): QueryColumn {
  const duckDb = `json_extract_string(json_value(${DUCKDB_EVENT}, '${duckDbPath(path)}'), '$')`;
  const trino = `${TRINO_IF_EVENT} THEN json_extract_scalar(log, '${trinoPath(path)}') END`;
  const cast = (text: string): string => (type === "varchar" ? text : `TRY_CAST(${text} AS ${type})`);
  return { name, type, meaning, duckDb: cast(duckDb), trino: cast(trino) };
}

/** A list or an object of the event, as JSON. */
function part(name: string, path: Path, meaning: string): QueryColumn {
  const duckDb = `CAST(json_extract(${DUCKDB_EVENT}, '${duckDbPath(path)}') AS VARCHAR)`;
  const trino = `${TRINO_IF_EVENT} THEN json_format(json_extract(log, '${trinoPath(path)}')) END`;
  return { name, type: "varchar", meaning, duckDb, trino, json: { names: [], isRow: false } };
}

function duckDbPath(path: Path): string {
  return `$${path.map((step) => (typeof step === "number" ? `[${step}]` : `."${step}"`)).join("")}`;
}

function trinoPath(path: Path): string {
  return `$${path.map((step) => (typeof step === "number" ? `[${step}]` : `["${step}"]`)).join("")}`;
}
