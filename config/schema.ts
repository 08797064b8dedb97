import type { Option, OptionGroup } from "./option.ts";

/*
 * The one definition of every option: the loaders, `--dry-run` and docs/configuration.md read it from here. Names,
 * meanings and units are Fluent Bit's (its manual: administration/configuring-fluent-bit, pipeline/) wherever the
 * feature exists there.
 */

const NO_BUFFER = "the log files are the buffer, nothing is queued in memory or copied to disk";
const NO_WORKERS = "one thread does the work of all outputs";
const POSITIONS = "positions are kept under service's storage.path";
const RETRIES = "an output tries again until it succeeds";
const LINKS = "rotated files are held by links until they are shipped";
const NO_API = "pod metadata comes from the path of the log file in this version";
const LOG_AS_WRITTEN = "JSON messages stay as they were in log; logq reads their fields in a query";
const PARSERS = "cri is built in, other parsers are not in this version yet";

const MATCH = {
  match: {
    type: "string",
    default: null,
    origin: "fluent-bit",
    doc: "Tags to take, where `*` stands for any text.",
  },
  match_regex: {
    type: "string",
    default: null,
    origin: "fluent-bit",
    doc: "Tags to take, as a regular expression; instead of `match`.",
  },
} as const satisfies Record<string, Option>;

const ALIAS = {
  type: "string",
  default: null,
  origin: "fluent-bit",
  doc: "Name of this output, under which its positions are kept; without one, its destination is its name.",
} as const satisfies Option;

const TOTAL_FILE_SIZE = {
  type: "size",
  default: "64M",
  min: "1M",
  max: "50G",
  origin: "fluent-bit",
  doc: "Raw log bytes of one shipment at most; when as much waits, it starts early.",
} as const satisfies Option;

const OUTPUT_IGNORED = {
  workers: NO_WORKERS,
  retry_limit: RETRIES,
  "storage.*": NO_BUFFER,
  log_level: "service's log_level holds for all",
  log_suppress_interval: "the same message is logged at most once a second",
};

const OUTPUT_LATER = { processors: "use filters" };

export const SERVICE = {
  doc: "What holds for the whole agent.",
  options: {
    "storage.path": {
      type: "string",
      default: "/var/log/logq",
      origin: "fluent-bit",
      doc: "State folder: positions, journal, links, quarantine; on the file system of the logs, so that they can be linked.",
    },
    "storage.total_limit_size": {
      type: "size",
      default: null,
      min: "1M",
      max: "100T",
      origin: "fluent-bit",
      doc: "Disk space that deleted log files may take which are not shipped yet; beyond it the oldest are given up and counted as lost. Without it 10 GB, or 20 % of the file system if that is less.",
    },
    "storage.quarantine_limit_size": {
      type: "size",
      default: "100M",
      min: "1M",
      max: "100G",
      origin: "ours",
      doc: "Room for records that can't be encoded or that a service refuses for good; an output that needs more waits.",
    },
    cluster: {
      type: "string",
      default: "default",
      origin: "ours",
      doc: "Name of the cluster: the partition value `cluster` of every object.",
    },
    hostname: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "Name of the node: column `node`; without it the environment variable NODE_NAME, else the host's own name.",
    },
    log_level: {
      type: "enum",
      default: "info",
      values: ["off", "error", "warn", "info", "debug", "trace"],
      synonyms: { warning: "warn" },
      origin: "fluent-bit",
      doc: "How much the agent says of itself on stderr.",
    },
    grace: {
      type: "duration",
      default: "5s",
      min: "0s",
      max: "1h",
      origin: "fluent-bit",
      doc: "How long a stop may take, and how long a start waits for another agent on the same state folder to end.",
    },
    hot_reload: {
      type: "boolean",
      default: "on",
      origin: "ours",
      doc: "Whether SIGHUP, or POST /api/v2/reload, reads the configuration anew; off in Fluent Bit, on here. A broken one is refused and the old one goes on; a new storage.path needs a restart.",
    },
    http_server: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Whether health and metrics are served over HTTP; docs/metrics.md says what is there.",
    },
    http_listen: {
      type: "string",
      default: "0.0.0.0",
      origin: "fluent-bit",
      doc: "Address to serve them on.",
    },
    http_port: {
      type: "integer",
      default: "2020",
      min: "0",
      max: "65535",
      origin: "fluent-bit",
      doc: "Port to serve them on; 0 takes any that is free.",
    },
    health_check: {
      type: "boolean",
      default: "on",
      origin: "ours",
      doc: "Whether `/api/v1/health` may say error; off in Fluent Bit, on here.",
    },
    hc_errors_count: {
      type: "integer",
      default: "5",
      min: "0",
      max: "900",
      origin: "fluent-bit",
      doc: "Failures of one output within `hc_period` above which health says error.",
    },
    hc_period: {
      type: "duration",
      default: "60s",
      min: "1s",
      max: "1d",
      origin: "fluent-bit",
      doc: "The time in which failures are counted.",
    },
    hc_stuck_after: {
      type: "duration",
      default: "5m",
      min: "1s",
      max: "1d",
      origin: "ours",
      doc: "How long bytes of a file may wait without any progress, but five times `upload_timeout` at least, until health says error.",
    },
  },
  ignored: {
    flush: "each output has its upload_timeout",
    daemon: "the agent stays in the foreground",
    "storage.*": NO_BUFFER,
    "scheduler.*": RETRIES,
    "hot_reload.*": "a reload keeps what runs until the new configuration is known to be good",
    hc_retry_failure_count: "no retry is the last one; a failure that somebody must act on fails health at once",
    parsers_file: PARSERS,
    coro_stack_size: "there are no coroutines",
    "dns.*": "the system's resolver is used",
    multiline_buffer_limit: "a record is cut at 1 MiB",
    "json.*": "bytes are written as they were read",
    "sp.*": "there is no stream processor",
    enable_chunk_trace: "there are no chunks",
    "windows.*": "the agent is for Linux",
  },
  later: {
    log_file: "stderr takes the log; let the container runtime or systemd keep it",
    plugins_file: "",
    streams_file: "",
  },
} as const satisfies OptionGroup;

const TAIL = {
  doc: "Follows text files, through rotation and restarts.",
  options: {
    tag: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Tag of the records, where `*` stands for the file's path with dots for slashes; without it `tail.0`, `tail.1` and so on.",
    },
    path: {
      type: "list",
      default: null,
      required: true,
      origin: "fluent-bit",
      doc: "Patterns of the files to follow; `*`, `?` and `[…]` as in a shell, none of which match a slash.",
    },
    exclude_path: {
      type: "list",
      default: "",
      origin: "fluent-bit",
      doc: "Patterns of files to leave out, compared with the whole path; here `*` matches slashes too.",
    },
    refresh_interval: {
      type: "duration",
      default: "60s",
      min: "100ms",
      max: "1h",
      origin: "fluent-bit",
      doc: "How often folders are listed anew, should the system's change events have missed a file.",
    },
    read_from_head: {
      type: "boolean",
      default: "on",
      origin: "ours",
      doc: "Whether a file that was never seen is read from its start; off in Fluent Bit, on here, so that nothing is missed.",
    },
    ignore_older: {
      type: "duration",
      default: null,
      origin: "fluent-bit",
      doc: "A file that was last written longer ago than this is not taken up, until it is written again; without it, every file is.",
    },
    parser: {
      type: "enum",
      default: null,
      values: ["cri"],
      valuesLater: [
        "docker",
        "json",
        "regex",
        "logfmt",
        "klog",
        "audit",
        "nginx",
        "apache",
        "apache2",
        "syslog-rfc5424",
      ],
      origin: "fluent-bit",
      doc: "`cri`: lines are in the form that containerd and CRI-O write; without it they are taken as they are.",
    },
    "multiline.parser": {
      type: "list",
      default: "",
      values: ["cri", "docker"],
      valuesLater: ["java", "python", "go", "ruby", "klog"],
      origin: "fluent-bit",
      doc: "`cri` (or `docker, cri`): lines are in the form that containerd and CRI-O write, and partial ones are joined.",
    },
    skip_empty_lines: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Whether lines without a message are left out, with `cri` also where a prefix stands before it; holds for files found from now on.",
    },
    links: {
      type: "boolean",
      default: "on",
      origin: "ours",
      doc: "Whether files are held by hard links; off for logs that are mounted read-only.",
    },
  },
  ignored: {
    alias: "only outputs have a name",
    buffer_chunk_size: NO_BUFFER,
    buffer_max_size: "a line may be of any length, a record is cut at 1 MiB",
    skip_long_lines: "a line may be of any length, a record is cut at 1 MiB",
    mem_buf_limit: NO_BUFFER,
    "storage.*": NO_BUFFER,
    "thread.*": NO_BUFFER,
    threaded: NO_WORKERS,
    db: POSITIONS,
    "db.*": POSITIONS,
    rotate_wait: LINKS,
    ignore_active_older_files: "a file that was taken up is shipped to its end",
    inotify_watcher: "folders are watched, files are polled",
    watcher_interval: "files are polled every 1 to 5 seconds",
    progress_check_interval: "files are polled every 1 to 5 seconds",
    progress_check_interval_nsec: "files are polled every 1 to 5 seconds",
    static_batch_size: "files share each shipment fairly",
    event_batch_size: "files share each shipment fairly",
    file_cache_advise: "the page cache is left to the system",
    multiline_flush: "open records are flushed when their file ends",
    docker_mode_flush: "partial lines are joined by multiline.parser: cri",
    log_level: "service's log_level holds for all",
    log_suppress_interval: "the same message is logged at most once a second",
  },
  later: {
    path_key: "column file says where a row came from",
    offset_key: "column pos is the offset",
    key: "the message is column log",
    exit_on_eof: "run logq-agent with --once",
    tag_regex: "",
    multiline: "use multiline.parser",
    parser_firstline: "use multiline.parser",
    parser_1: "use multiline.parser",
    docker_mode: "use multiline.parser: cri",
    docker_mode_parser: "use multiline.parser: cri",
    "unicode.encoding": "",
    "generic.encoding": "",
    processors: "use filters",
    routes: "use match",
  },
} as const satisfies OptionGroup;

const KUBERNETES = {
  doc: "Adds namespace, workload, pod and container to each record, from the path of its log file, and labels and image where they are preloaded.",
  options: {
    ...MATCH,
    kube_meta_preload_cache_dir: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Folder of files NAMESPACE-POD.meta, each a pod as the API server gives it: labels, image and owner come from there.",
    },
  },
  ignored: {
    alias: "only outputs have a name",
    buffer_size: NO_API,
    "kube_*": NO_API,
    use_kubelet: NO_API,
    "kubelet_*": NO_API,
    "dns_*": NO_API,
    "tls.*": NO_API,
    cache_use_docker_id: NO_API,
    use_tag_for_meta: NO_API,
    labels: NO_API,
    annotations: NO_API,
    owner_references: NO_API,
    "namespace_*": NO_API,
    merge_log: LOG_AS_WRITTEN,
    merge_log_key: LOG_AS_WRITTEN,
    merge_log_trim: LOG_AS_WRITTEN,
    keep_log: LOG_AS_WRITTEN,
    "k8s-logging.parser": LOG_AS_WRITTEN,
    log_level: "service's log_level holds for all",
  },
  later: {
    "k8s-logging.exclude": "name the files in the input's exclude_path",
    merge_parser: "",
    regex_parser: "",
    use_journal: "",
    dummy_meta: "",
  },
} as const satisfies OptionGroup;

const SHIPMENT_OF_OBJECTS = {
  format: {
    type: "enum",
    default: "parquet",
    values: ["parquet", "json_lines"],
    origin: "ours",
    doc: "`parquet`: the whole table; `json_lines`: Fluent Bit's record shape, a line each.",
  },
  compression: {
    type: "enum",
    default: "zstd",
    values: ["zstd", "gzip", "none"],
    origin: "fluent-bit",
    doc: "How objects are compressed; Parquet takes zstd and none.",
  },
  upload_timeout: {
    type: "duration",
    default: "60s",
    min: "100ms",
    max: "1d",
    origin: "fluent-bit",
    doc: "Longest time that a line waits before its shipment starts.",
  },
  total_file_size: TOTAL_FILE_SIZE,
} as const satisfies Record<string, Option>;

const DIRECTORY = {
  doc: "Ours: stores the table's objects under a folder, laid out as on S3; `logq` reads them in place. Exactly once.",
  options: {
    path: {
      type: "string",
      default: null,
      required: true,
      origin: "ours",
      doc: "The folder, which will hold `cluster=…/dt=…/hour=…`; made if missing.",
    },
    ...MATCH,
    alias: ALIAS,
    ...SHIPMENT_OF_OBJECTS,
  },
  ignored: {
    ...OUTPUT_IGNORED,
    store_dir: POSITIONS,
    store_dir_limit_size: NO_BUFFER,
    upload_chunk_size: "objects are written as a stream",
    use_put_object: "there is no upload",
    preserve_data_ordering: "records keep their order",
  },
  later: { ...OUTPUT_LATER, s3_key_format: "the layout is the table's", file: "", mkdir: "path is made if missing" },
} as const satisfies OptionGroup;

const S3 = {
  doc: "Stores the table's objects in an S3 bucket; `logq` reads them there. Exactly once.",
  options: {
    bucket: {
      type: "string",
      default: null,
      required: true,
      origin: "fluent-bit",
      doc: "Name of the bucket, or ARN of an access point.",
    },
    region: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "Region of the bucket; without it AWS_REGION or the profile says it (Fluent Bit: us-east-1).",
    },
    ...MATCH,
    alias: ALIAS,
    s3_key_format: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "What stands in front of `cluster=…/dt=…/hour=…` in the keys, such as `logs/`; a plain text.",
    },
    ...SHIPMENT_OF_OBJECTS,
    endpoint: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "URL of another service that speaks S3's protocol; buckets are addressed by path there.",
    },
    profile: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Profile of the AWS configuration files to take credentials from.",
    },
    storage_class: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Storage class of the objects, such as `STANDARD_IA`.",
    },
    canned_acl: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Predefined ACL of the objects, such as `bucket-owner-full-control`.",
    },
    sse: {
      type: "enum",
      default: null,
      values: ["aes256", "aws:kms"],
      origin: "ours",
      doc: "Encryption at rest: `AES256` (keys of S3) or `aws:kms`; without it as the bucket says.",
    },
    sse_kms_key_id: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "KMS key for `sse: aws:kms`; without it the account's own for S3.",
    },
    sse_bucket_key: {
      type: "boolean",
      default: "on",
      origin: "ours",
      doc: "Whether `sse: aws:kms` uses the bucket's key, which saves calls of KMS.",
    },
    tagging: {
      type: "list",
      default: "",
      origin: "ours",
      doc: "Tags of the objects, each KEY=VALUE.",
    },
    content_type: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Content type of the objects; without it the one of their format.",
    },
    request_timeout: {
      type: "duration",
      default: "60s",
      min: "100ms",
      max: "1h",
      origin: "ours",
      doc: "Longest time of one request (5 MiB at most), which is tried again then.",
    },
  },
  ignored: {
    ...OUTPUT_IGNORED,
    store_dir: POSITIONS,
    store_dir_limit_size: NO_BUFFER,
    upload_chunk_size: "parts have 5 MiB",
    use_put_object: "objects up to 5 MiB are sent in one request, larger ones in parts",
    preserve_data_ordering: "records keep their order",
    send_content_md5: "every request carries a CRC-32",
    auto_retry_requests: RETRIES,
    s3_key_format_tag_delimiters: "the layout is the table's",
    "net.*": "see request_timeout",
    tls: "endpoint says https or http",
  },
  later: {
    ...OUTPUT_LATER,
    role_arn: "name a profile that has the role_arn",
    external_id: "name a profile that has the external_id",
    sts_endpoint: "set AWS_ENDPOINT_URL_STS",
    static_file_path: "the layout is the table's",
    log_key: "format: json_lines writes whole records",
    json_date_key: "",
    json_date_format: "",
    blob_database_file: "",
    "tls.verify": "trust the authority by NODE_EXTRA_CA_CERTS",
    "tls.ca_file": "name it in NODE_EXTRA_CA_CERTS",
  },
} as const satisfies OptionGroup;

const SHIPMENT_OF_STREAM = {
  upload_timeout: {
    type: "duration",
    default: "1s",
    min: "100ms",
    max: "1d",
    origin: "ours",
    doc: "Longest time that a line waits before its shipment starts.",
  },
  total_file_size: { ...TOTAL_FILE_SIZE, origin: "ours" },
} as const satisfies Record<string, Option>;

const CLOUDWATCH_LOGS = {
  doc: "Sends records to Amazon CloudWatch Logs. At least once: a crash repeats at most the requests in flight.",
  options: {
    log_group_name: {
      type: "string",
      default: null,
      required: true,
      origin: "fluent-bit",
      doc: "Log group of the records.",
    },
    log_group_template: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Log group by metadata, such as `/eks/$cluster/$kubernetes['namespace_name']`; `log_group_name` is taken where a file has no such value. Variables: `$kubernetes['…']` (`['labels']['…']` too), `$TAG`, `$TAG[1]`, and ours: `$cluster`, `$node`, `$source` (application, dataplane, host, control-plane).",
    },
    log_stream_name: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Log stream of the records.",
    },
    log_stream_prefix: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Instead of `log_stream_name`: what stands in front of the tag in the stream's name.",
    },
    log_stream_template: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Log stream by metadata, such as `$kubernetes['pod_name'].$kubernetes['container_name']`; the name or the prefix is taken where a file has no such value.",
    },
    region: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "Region of the log groups; without it AWS_REGION or the profile says it.",
    },
    ...MATCH,
    alias: ALIAS,
    log_key: {
      type: "enum",
      default: null,
      values: ["log"],
      origin: "fluent-bit",
      doc: "`log`: an event is the message alone, as it was written; without it the whole record, as JSON.",
    },
    log_format: {
      type: "enum",
      default: null,
      values: ["json/emf"],
      origin: "fluent-bit",
      doc: "`json/emf`: CloudWatch makes metrics of messages in the embedded metric format; with `log_key: log`.",
    },
    auto_create_group: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Whether log groups that are missing are made; streams always are.",
    },
    log_retention_days: {
      type: "enum",
      default: null,
      values: words("1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653"),
      origin: "fluent-bit",
      doc: "Retention of the log groups that the agent makes, in days.",
    },
    log_group_class: {
      type: "enum",
      default: null,
      values: ["standard", "infrequent_access"],
      origin: "fluent-bit",
      doc: "Class of the log groups that the agent makes.",
    },
    upload_timeout: {
      type: "duration",
      default: "1s",
      min: "100ms",
      max: "1d",
      origin: "ours",
      doc: "Longest time that a line waits before its shipment starts.",
    },
    total_file_size: {
      type: "size",
      default: "6M",
      min: "100K",
      max: "16M",
      origin: "ours",
      doc: "Raw log bytes of one shipment at most; when as much waits, it starts early.",
    },
    endpoint: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "URL of another service that speaks the protocol of CloudWatch Logs.",
    },
    profile: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Profile of the AWS configuration files to take credentials from.",
    },
    request_timeout: {
      type: "duration",
      default: "30s",
      min: "100ms",
      max: "1h",
      origin: "ours",
      doc: "Longest time of one request (1 MiB at most), which is tried again then.",
    },
  },
  ignored: {
    ...OUTPUT_IGNORED,
    auto_retry_requests: RETRIES,
    extra_user_agent: "nothing depends on it",
    "net.*": "see request_timeout",
    tls: "endpoint says https or http",
  },
  later: {
    ...OUTPUT_LATER,
    role_arn: "name a profile that has the role_arn",
    external_id: "name a profile that has the external_id",
    sts_endpoint: "set AWS_ENDPOINT_URL_STS",
    metric_namespace: "write messages in the embedded metric format, with log_format: json/emf",
    metric_dimensions: "write messages in the embedded metric format, with log_format: json/emf",
    add_entity: "",
    port: "name it in endpoint",
    "tls.verify": "trust the authority by NODE_EXTRA_CA_CERTS",
    "tls.ca_file": "name it in NODE_EXTRA_CA_CERTS",
  },
} as const satisfies OptionGroup;

const FIREHOSE = {
  doc: "Sends records to a delivery stream of Amazon Data Firehose. At least once: a crash may repeat the requests in flight.",
  options: {
    delivery_stream: {
      type: "string",
      default: null,
      required: true,
      origin: "fluent-bit",
      doc: "Name of the delivery stream, whose source is Direct PUT.",
    },
    region: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Region of the delivery stream; without it AWS_REGION or the profile says it.",
    },
    ...MATCH,
    alias: ALIAS,
    time_key: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Name under which each record holds its time; without it, it holds none.",
    },
    time_key_format: {
      type: "string",
      default: "%Y-%m-%dT%H:%M:%S",
      origin: "fluent-bit",
      doc: "How the time is written: as in strftime, in UTC, with `%3N` (or `%L`), `%6N` and `%9N` for parts of the second.",
    },
    log_key: {
      type: "enum",
      default: null,
      values: ["log"],
      valuesLater: ["stream", "kubernetes"],
      origin: "fluent-bit",
      doc: "`log`: the message alone is sent, as it was written; without it, whole records are, as JSON.",
    },
    compression: {
      type: "enum",
      default: "none",
      values: ["none", "gzip", "zstd"],
      valuesLater: ["snappy", "arrow", "parquet"],
      origin: "fluent-bit",
      doc: "How each of Firehose's records is compressed; the delivery stream must not compress them again.",
    },
    simple_aggregation: {
      type: "boolean",
      default: "on",
      origin: "ours",
      doc: "Whether as many lines as fit in are packed into one of Firehose's records, which are billed as multiples of 5 KB; off in Fluent Bit, on here. Turn it off for destinations that take each of them as one document.",
    },
    ...SHIPMENT_OF_STREAM,
    // What goes into the requests in flight as JSON with metadata: more would be planned and refused, unfair to those at the end.
    total_file_size: { ...TOTAL_FILE_SIZE, default: "4M", max: "64M", origin: "ours" },
    endpoint: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "URL of another service that speaks Firehose's protocol.",
    },
    profile: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Profile of the AWS configuration files to take credentials from.",
    },
    request_timeout: {
      type: "duration",
      default: "60s",
      min: "100ms",
      max: "1h",
      origin: "ours",
      doc: "Longest time of one request (4 MiB at most), which is tried again then.",
    },
  },
  ignored: {
    ...OUTPUT_IGNORED,
    auto_retry_requests: RETRIES,
    "net.*": "see request_timeout",
    tls: "endpoint says https or http",
  },
  later: {
    ...OUTPUT_LATER,
    role_arn: "name a profile that has the role_arn",
    external_id: "name a profile that has the external_id",
    sts_endpoint: "set AWS_ENDPOINT_URL_STS",
    data_keys: "log_key: log sends the message alone",
    "tls.verify": "trust the authority by NODE_EXTRA_CA_CERTS",
    "tls.ca_file": "name it in NODE_EXTRA_CA_CERTS",
  },
} as const satisfies OptionGroup;

const STDOUT = {
  doc: "Prints records on standard output. At least once: a crash may repeat a shipment.",
  options: {
    ...MATCH,
    alias: ALIAS,
    format: {
      type: "enum",
      default: "json_lines",
      values: ["json_lines"],
      valuesLater: ["msgpack", "json", "json_stream"],
      origin: "fluent-bit",
      doc: "`json_lines`: Fluent Bit's record shape, a line each (Fluent Bit's own default is msgpack).",
    },
    ...SHIPMENT_OF_STREAM,
  },
  ignored: OUTPUT_IGNORED,
  later: { ...OUTPUT_LATER, json_date_key: "", json_date_format: "" },
} as const satisfies OptionGroup;

const NULL = {
  doc: "Reads and encodes nothing, and counts all as delivered: for measuring.",
  options: { ...MATCH, alias: ALIAS, ...SHIPMENT_OF_STREAM },
  ignored: { ...OUTPUT_IGNORED, format: "nothing is written" },
  later: OUTPUT_LATER,
} as const satisfies OptionGroup;

export const INPUTS = { tail: TAIL } as const;
export const FILTERS = { kubernetes: KUBERNETES } as const;
export const OUTPUTS = {
  s3: S3,
  cloudwatch_logs: CLOUDWATCH_LOGS,
  kinesis_firehose: FIREHOSE,
  directory: DIRECTORY,
  stdout: STDOUT,
  null: NULL,
} as const;

/** Plugins that Fluent Bit or the design knows and this version refuses. */
export const PLUGINS_LATER = {
  input: words(`systemd cloudwatch_logs forward
    blob collectd cpu disk docker docker_events dummy ebpf elasticsearch event_type exec exec_wasi fluentbit_logs
    fluentbit_metrics gpu_metrics head health http kafka kmsg kubernetes_events mem mqtt netif nginx_metrics
    node_exporter_metrics opentelemetry podman_metrics proc process_exporter_metrics prometheus_remote_write
    prometheus_scrape prometheus_textfile random serial splunk statsd stdin syslog tcp thermal udp unix_socket
    windows_exporter_metrics winevtlog winlog winstat`),
  filter: words(`grep modify parser throttle redact multiline rewrite_tag
    aws checklist ecs expect geoip2 log_to_metrics lookup lua nest nightfall record_modifier stdout sysinfo tensorflow
    throttle_size type_converter wasm`),
  output:
    words(`azure azure_blob azure_kusto azure_logs_ingestion bigquery chronicle cloudwatch counter datadog es exit file
    firehose flowcounter forward gelf http influxdb kafka kafka-rest kinesis kinesis_streams logdna loki lib nats newrelic nrlogs
    opensearch opentelemetry oracle_log_analytics pgsql plot prometheus_exporter prometheus_remote_write skywalking
    slack splunk stackdriver syslog tcp td udp vivo_exporter websocket`),
} as const;

/** Top-level sections that Fluent Bit knows and this version refuses. */
export const SECTIONS_LATER = ["customs", "plugins", "stream_processor", "upstream_servers"] as const;

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
