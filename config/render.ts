import { Document } from "yaml";

import type {
  AgentConfig,
  CloudWatchConfig,
  FilterConfig,
  FirehoseConfig,
  InputConfig,
  Match,
  OutputConfig,
  S3Config,
} from "./config.ts";
import { formatDuration, formatSize } from "./scalar.ts";

type Options = Record<string, string | readonly string[]>;

/**
 * The effective configuration as YAML that the agent reads again to the same effect: every option with its value,
 * sizes and durations with their units, paths absolute.
 */
export function renderConfig(config: AgentConfig): string {
  const { service } = config;
  const document = new Document(
    {
      service: {
        "storage.path": service.storagePath,
        "storage.quarantine_limit_size": formatSize(service.quarantineBytesMax),
        ...(service.totalLimitSizeBytes === null
          ? {}
          : { "storage.total_limit_size": formatSize(service.totalLimitSizeBytes) }),
        cluster: service.cluster,
        hostname: service.node,
        log_level: service.logLevel,
        grace: formatDuration(service.graceMs),
        hot_reload: onOff(service.hotReload),
        http_server: onOff(service.http !== null),
        ...(service.http !== null && { http_listen: service.http.listen, http_port: String(service.http.port) }),
        health_check: onOff(service.health.enabled),
        hc_errors_count: String(service.health.errorsMax),
        hc_period: formatDuration(service.health.periodMs),
        hc_stuck_after: formatDuration(service.health.stuckAfterMs),
      },
      pipeline: {
        inputs: config.inputs.map(tailOptions),
        filters: config.filters.map(filterOptions),
        outputs: config.outputs.map(outputOptions),
      },
    },
    // The loader's own schema: every value is a text, quoted only where YAML needs it.
    { schema: "failsafe" },
  );
  return document.toString({ lineWidth: 0 });
}

function tailOptions(tail: InputConfig): Options {
  return {
    name: tail.plugin,
    tag: tail.tag,
    path: tail.path,
    ...(tail.excludePath.length > 0 && { exclude_path: tail.excludePath }),
    refresh_interval: formatDuration(tail.refreshIntervalMs),
    read_from_head: onOff(tail.readFromHead),
    ...(tail.ignoreOlderMs !== null && { ignore_older: formatDuration(tail.ignoreOlderMs) }),
    ...(tail.framing === "cri" && { "multiline.parser": "cri" }),
    ...(tail.skipEmptyLines && { skip_empty_lines: "on" }),
    links: onOff(tail.links),
  };
}

function filterOptions({ plugin, match, metaPreloadCacheDir }: FilterConfig): Options {
  const preloaded = metaPreloadCacheDir !== null && { kube_meta_preload_cache_dir: metaPreloadCacheDir };
  return { name: plugin, ...matchOptions(match), ...preloaded };
}

function outputOptions(output: OutputConfig): Options {
  return {
    name: output.plugin,
    ...(output.alias !== null && { alias: output.alias }),
    ...matchOptions(output.match),
    ...(output.plugin === "directory" && { path: output.path }),
    ...(output.plugin === "s3" && s3Options(output)),
    ...(output.plugin === "cloudwatch_logs" && cloudWatchOptions(output)),
    ...(output.plugin === "kinesis_firehose" && firehoseOptions(output)),
    ...("format" in output && { format: output.format }),
    ...("compression" in output && { compression: output.compression }),
    upload_timeout: formatDuration(output.uploadTimeoutMs),
    total_file_size: formatSize(output.totalFileSizeBytes),
  };
}

function s3Options(output: S3Config): Options {
  const options = {
    bucket: output.bucket,
    region: output.region,
    s3_key_format: output.prefix || null,
    endpoint: output.endpoint,
    profile: output.profile,
    storage_class: output.storageClass,
    canned_acl: output.cannedAcl,
    sse: output.sse,
    sse_kms_key_id: output.sseKmsKeyId,
    sse_bucket_key: output.sse === "aws:kms" ? onOff(output.sseBucketKey) : null,
    tagging: output.tagging.length > 0 ? output.tagging : null,
    content_type: output.contentType,
    request_timeout: formatDuration(output.requestTimeoutMs),
  };
  return present(options);
}

function cloudWatchOptions(output: CloudWatchConfig): Options {
  return present({
    log_group_name: output.logGroupName,
    log_group_template: output.logGroupTemplate,
    log_stream_name: output.logStreamName,
    log_stream_prefix: output.logStreamPrefix,
    log_stream_template: output.logStreamTemplate,
    log_key: output.logKey,
    log_format: output.logFormat,
    auto_create_group: onOff(output.autoCreateGroup),
    log_retention_days: output.logRetentionDays === null ? null : String(output.logRetentionDays),
    log_group_class: output.logGroupClass?.toLowerCase() ?? null,
    region: output.region,
    endpoint: output.endpoint,
    profile: output.profile,
    request_timeout: formatDuration(output.requestTimeoutMs),
  });
}

function firehoseOptions(output: FirehoseConfig): Options {
  return present({
    delivery_stream: output.deliveryStream,
    region: output.region,
    endpoint: output.endpoint,
    profile: output.profile,
    time_key: output.timeKey,
    time_key_format: output.timeKeyFormat,
    log_key: output.logKey,
    simple_aggregation: onOff(output.simpleAggregation),
    request_timeout: formatDuration(output.requestTimeoutMs),
  });
}

function present(options: Readonly<Record<string, string | readonly string[] | null>>): Options {
  return Object.fromEntries(
    Object.entries(options).filter((entry): entry is [string, string | readonly string[]] => entry[1] !== null),
  );
}

function matchOptions(match: Match): Options {
  return match.regex ? { match_regex: match.pattern } : { match: match.pattern };
}

function onOff(value: boolean): string {
  return value ? "on" : "off";
}
