import { ACCOUNT, REGION, day } from "./aws-partitions.ts";
import { defineTable, type QueryColumn } from "./definition.ts";

/** The fields of an entry, in their order (older entries end earlier), and room for what will be added. */
const FIELDS = `type time elb client target request_processing_time target_processing_time response_processing_time
  elb_status_code target_status_code received_bytes sent_bytes request user_agent ssl_cipher ssl_protocol
  target_group_arn trace_id domain_name chosen_cert_arn matched_rule_priority request_creation_time actions_executed
  redirect_url lambda_error_reason target_port_list target_status_code_list classification classification_reason
  conn_trace_id transformed_host transformed_uri request_transform_status added1 added2 added3 added4`.split(/\s+/);

/** An entry may have so many fields after the user agent: the first load balancers wrote 4. */
export const ALB_LATER_FIELDS = { min: 4, max: FIELDS.length - 14 } as const;

/**
 * Names and types of columns: Athena's user guide, "Create the table for ALB access logs"; fields: the user guide for
 * Application Load Balancers, "Access log entries". What does not apply is '-' in a text, as Athena has it, and null in a number.
 */
const ENTRY_COLUMNS: readonly QueryColumn[] = [
  text("type", "http, https, h2, grpcs, ws or wss"),
  text("time", "when the response was given, as the entry has it: 2026-11-21T05:00:00.123456Z"),
  text("elb", "the load balancer: app/<name>/<id>"),
  { ...text("client_ip", "the client's address"), duckDb: address("client") },
  number("client_port", "the client's port", port("client")),
  {
    ...text("target_ip", "the target's address; null if there was none, as for a Lambda function"),
    duckDb: address("target"),
    trino: "nullif(target_ip, '')",
  },
  number("target_port", "the target's port", port("target")),
  seconds("request_processing_time", "seconds until the target had the request; -1 if it got none"),
  seconds("target_processing_time", "seconds until the target began to answer; -1 if it did not"),
  seconds("response_processing_time", "seconds until the client had the response; -1 if it got none"),
  number("elb_status_code", "the status of the load balancer's response"),
  text("target_status_code", "the status of the target's response: '200', or '-'"),
  { ...number("received_bytes", "size of the request"), hive: "bigint" },
  { ...number("sent_bytes", "size of the response"), hive: "bigint" },
  { ...text("request_verb", "GET, POST …"), duckDb: "split_part(request, ' ', 1)" },
  {
    ...text("request_url", "protocol://host:port/path?query as the client sent it; its quotes are \\x22"),
    // Between the first space and the last one.
    duckDb: "regexp_extract(request, '^[^ ]* (.*) [^ ]*$', 1)",
  },
  { ...text("request_proto", "HTTP/1.1, HTTP/2.0 …"), duckDb: "regexp_extract(request, ' ([^ ]*)$', 1)" },
  text("user_agent", "what the client calls itself"),
  text("ssl_cipher", "the cipher of an HTTPS listener, or '-'"),
  text("ssl_protocol", "TLSv1.3 …, or '-'"),
  text("target_group_arn", "the target group"),
  text("trace_id", "the X-Amzn-Trace-Id header"),
  text("domain_name", "the name that the client asked for by SNI, or '-'"),
  text("chosen_cert_arn", "the certificate that the client was shown, or '-'"),
  text("matched_rule_priority", "of the listener's rule: '1' to '50000', '0' for the default one, '-1' if none"),
  text("request_creation_time", "when the request came, as the entry has it"),
  text("actions_executed", "forward, waf, redirect, authenticate, fixed-response …, with commas between"),
  text("redirect_url", "where a redirect led to, or '-'"),
  text("lambda_error_reason", "why a Lambda function, an authentication or a target failed, or '-'"),
  text("target_port_list", "addresses and ports of the targets that were asked"),
  text("target_status_code_list", "the statuses that they gave"),
  text("classification", "by desync mitigation: Acceptable, Ambiguous or Severe; '-' for RFC 7230"),
  text("classification_reason", "why it is classified so, or '-'"),
  text("conn_trace_id", "the connection, as in the connection log: TID_…"),
  text("transformed_host", "the host after a rule changed it, or '-'"),
  text("transformed_uri", "the path and query after a rule changed them, or '-'"),
  text("request_transform_status", "TransformSuccess, or why not; '-' without a transform"),
];

const READ = FIELDS.map((name) => `'${name}': 'VARCHAR'`).join(", ");

export const ALB = defineTable({
  name: "alb",
  meaning: "access logs of Application Load Balancers, one request a row",
  columns: [
    {
      name: "ts",
      type: "timestamp",
      meaning: "time as a timestamp in UTC, to the millisecond: what the window acts on",
      duckDb: `date_trunc('milliseconds', TRY_CAST("time" AS TIMESTAMP))`,
      trino: "CAST(TRY(from_iso8601_timestamp(time)) AS timestamp(3))",
      hive: null,
    },
    ...ENTRY_COLUMNS,
  ],
  partitions: [ACCOUNT, REGION, day(`left("time", 10)`, "substr(time, 1, 10)")],
  timeColumns: ["ts", "time", "dt"],
  orderColumns: ["ts", "conn_trace_id", "trace_id"],
  aws: {
    service: "elasticloadbalancing",
    extensions: [".log.gz", ".log"],
    // Of network, gateway and classic load balancers; connection and health check logs.
    others: /^\d{12}_elasticloadbalancing_[a-z0-9-]+_(?!app\.)|^(?:conn|health_check)_log_\d{12}_/,
    // A file is named by the end of its five minutes; how late it is written is not in its name.
    lateMs: 3_600_000,
    spanMs: 60_000,
    content: "alb entries",
    readers: [
      {
        extension: ".log",
        function: "read_csv",
        options: `delim = ' ', quote = '"', escape = '"', header = false, auto_detect = false, null_padding = true, allow_quoted_nulls = false, hive_partitioning = true, hive_types_autocast = false, columns = {${READ}}`,
      },
    ],
  },
  view: null,
});

function text(name: string, meaning: string): QueryColumn {
  return { name, type: "varchar", meaning, duckDb: `"${name}"` };
}

function number(name: string, meaning: string, from = `"${name}"`): QueryColumn {
  return { name, type: "bigint", meaning, duckDb: `TRY_CAST(${from} AS bigint)`, hive: "int" };
}

function seconds(name: string, meaning: string): QueryColumn {
  return { name, type: "double", meaning, duckDb: `TRY_CAST("${name}" AS double)` };
}

/** An address may hold colons: the port is what follows the last one. */
function address(field: string): string {
  return `nullif(regexp_replace(${field}, '[:-][0-9]*$', ''), '')`;
}

function port(field: string): string {
  return `regexp_extract(${field}, ':([0-9]+)$', 1)`;
}
