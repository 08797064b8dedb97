import { EPOCH, type ParserConfig } from "./parser-config.ts";

const RFC3339 = "%Y-%m-%dT%H:%M:%S.%L%z";
const HTTP_LOG_TIME = "%d/%b/%Y:%H:%M:%S %z";
/** `word` is a group of what stands before the next blank. */
const word = (name: string): string => `(?<${name}>[^ ]*)`;
const words = (names: string): string => names.split(" ").map(word).join(" ");
const quoted = (name: string): string => `"(?<${name}>[^"]*)"`;
const quotedWord = (name: string): string => `"(?<${name}>[^ ]*)"`;
const bracketed = (name: string): string => String.raw`\[(?<${name}>[^\]]*)\]`;
/** A request line of which path and protocol may be missing. */
const REQUEST = String.raw`"(?<method>\S+)(?: +(?<path>[^"]*?)(?: +\S*)?)?"`;
const PROXY_REQUEST = String.raw`"(?<method>\S+)(?: +(?<path>[^"]*?)(?: +\S*)?)? (?<protocol>\S+)"`;
const SYSLOG_IDENT = String.raw`(?<ident>[\w./-]*)(?:\[(?<pid>\d+)\])?(?:[^:]*:)? *(?<message>.*)$`;

/**
 * Fluent Bit's stock parsers by name, with its fields and times, so that a configuration may name one without its
 * `parsers.conf`; and ours: klog, kube-json, etcd, audit.
 */
const DEFINITIONS: readonly (Partial<ParserConfig> & Pick<ParserConfig, "name">)[] = [
  {
    name: "apache",
    regex: `^${word("host")} [^ ]* ${word("user")} ${bracketed("time")} ${REQUEST} ${words("code size")}(?: ${quoted("referer")} ${quoted("agent")})?$`,
    timeFormat: HTTP_LOG_TIME,
  },
  {
    name: "apache2",
    regex: String.raw`^${word("host")} [^ ]* ${word("user")} ${bracketed("time")} "(?<method>\S+)(?: +(?<path>[^ ]*) +\S*)?" ${words("code size")}(?: ${quoted("referer")} "(?<agent>.*)")?$`,
    timeFormat: HTTP_LOG_TIME,
  },
  {
    name: "apache_error",
    regex: String.raw`^\[[^ ]* (?<time>[^\]]*)\] ${bracketed("level")}(?: \[pid (?<pid>[^\]]*)\])?(?: \[client (?<client>[^\]]*)\])? (?<message>.*)$`,
  },
  {
    name: "nginx",
    regex: `^${words("remote host user")} ${bracketed("time")} ${REQUEST} ${words("code size")}(?: ${quoted("referer")} ${quoted("agent")})`,
    timeFormat: HTTP_LOG_TIME,
  },
  {
    name: "k8s-nginx-ingress",
    regex: `^${word("host")} - ${word("user")} ${bracketed("time")} ${REQUEST} ${words("code size")} ${quoted("referer")} ${quoted("agent")} ${words("request_length request_time")} \\[${word("proxy_upstream_name")}\\] (?:\\[${word("proxy_alternative_upstream_name")}\\] )?${words("upstream_addr upstream_response_length upstream_response_time upstream_status reg_id")}.*$`,
    timeFormat: HTTP_LOG_TIME,
  },
  { name: "json", format: "json", timeFormat: HTTP_LOG_TIME },
  { name: "logfmt", format: "logfmt" },
  { name: "ltsv", format: "ltsv" },
  { name: "docker", format: "json", timeFormat: "%Y-%m-%dT%H:%M:%S.%L", timeKeep: true },
  {
    name: "docker-daemon",
    regex: 'time="(?<time>[^ ]*)" level=(?<level>[^ ]*) msg="(?<msg>[^ ].*)"',
    timeFormat: "%Y-%m-%dT%H:%M:%S.%L",
    timeKeep: true,
  },
  {
    name: "syslog-rfc5424",
    regex: String.raw`^<(?<pri>\d{1,5})>1 (?<time>[^ ]+) (?<host>[^ ]+) (?<ident>[^ ]+) (?<pid>[-\d]+) (?<msgid>[^ ]+) (?<extradata>\[.*?\]|-) (?<message>.+)$`,
    timeFormat: RFC3339,
    timeKeep: true,
  },
  {
    name: "syslog-rfc3164-local",
    regex: String.raw`^<(?<pri>\d+)>(?<time>[^ ]* {1,2}[^ ]* [^ ]*) ${SYSLOG_IDENT}`,
    timeFormat: "%b %d %H:%M:%S",
    timeKeep: true,
  },
  {
    name: "syslog-rfc3164",
    regex: String.raw`^<(?<pri>\d+)>(?<time>[^ ]* {1,2}[^ ]* [^ ]*) ${word("host")} ${SYSLOG_IDENT}`,
    timeFormat: "%b %d %H:%M:%S",
    timeKeep: true,
  },
  {
    name: "mongodb",
    regex: String.raw`^${word("time")}\s+(?<severity>\w)\s+(?<component>[^ ]+)\s+\[(?<context>[^\]]+)\]\s+(?<message>.*?) *(?<ms>\d+)?(?::?ms)?$`,
    timeFormat: "%Y-%m-%dT%H:%M:%S.%L",
    timeKeep: true,
  },
  {
    name: "envoy",
    regex: `^${bracketed("start_time")} ${PROXY_REQUEST} ${words("code response_flags bytes_received bytes_sent duration x_envoy_upstream_service_time")} ${quotedWord("x_forwarded_for")} ${quoted("user_agent")} ${quoted("request_id")} ${quotedWord("authority")} ${quotedWord("upstream_host")}`,
    timeKey: "start_time",
    timeFormat: RFC3339,
    timeKeep: true,
  },
  {
    name: "istio-envoy-proxy",
    regex: `^${bracketed("start_time")} ${PROXY_REQUEST} ${words("response_code response_flags response_code_details connection_termination_details")} ${quotedWord("upstream_transport_failure_reason")} ${words("bytes_received bytes_sent duration x_envoy_upstream_service_time")} ${quotedWord("x_forwarded_for")} ${quoted("user_agent")} ${quoted("x_request_id")} ${quotedWord("authority")} ${quotedWord("upstream_host")} ${words("upstream_cluster upstream_local_address downstream_local_address downstream_remote_address requested_server_name route_name")}$`,
    timeKey: "start_time",
    timeFormat: RFC3339,
    timeKeep: true,
  },
  {
    name: "cri",
    regex: "^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>[^ ]*) (?<message>.*)$",
    timeFormat: RFC3339,
    timeKeep: true,
  },
  {
    name: "kube-custom",
    regex: String.raw`(?<tag>[^.]+)?\.?(?<pod_name>[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*)_(?<namespace_name>[^_]+)_(?<container_name>.+)-(?<docker_id>[a-z0-9]{64})\.log$`,
  },
  {
    name: "klog",
    regex: String.raw`(?m)\A(?<severity>[IWEF])(?<time>\d{4} \d\d:\d\d:\d\d\.\d+) +(?<pid>\d+) (?<file>[^ :\]]+):(?<line>\d+)\] (?<message>.*)`,
    timeFormat: "%m%d %H:%M:%S.%L",
    types: [
      { key: "pid", type: "integer" },
      { key: "line", type: "integer" },
    ],
  },
  // With --logging-format=json: `ts` is a number, of milliseconds.
  { name: "kube-json", format: "json", timeKey: "ts", timeFormat: EPOCH, timeKeep: true },
  { name: "etcd", format: "json", timeKey: "ts", timeFormat: RFC3339, timeKeep: true },
  { name: "audit", format: "json", timeKey: "requestReceivedTimestamp", timeFormat: RFC3339, timeKeep: true },
];

const DEFAULTS: Omit<ParserConfig, "name"> = {
  format: "regex",
  regex: null,
  timeKey: "time",
  timeFormat: null,
  timeOffsetSeconds: 0,
  timeZone: null,
  timeKeep: false,
  timeStrict: true,
  types: [],
  skipEmptyValues: true,
  noBareKeys: false,
  decoders: [],
};

export const BUILT_IN_PARSERS: readonly ParserConfig[] = DEFINITIONS.map((definition) => ({
  ...DEFAULTS,
  ...definition,
}));
