import { readdirSync } from "node:fs";
import packageJson from "../../package.json" with { type: "json" };
import type { FilterCounts } from "../filter/filter.ts";
import type { Mount } from "../input/tail/mounts.ts";
import { stateWritten } from "../state/written.ts";
import type { Metric, Sample } from "./exposition.ts";
import { LOSS_REASONS, type OutputAccount } from "./ledger.ts";
import type { OutputStats } from "./output-stats.ts";
import type { Telemetry } from "./telemetry.ts";

/** Everything the agent counts and measures, as it is now. docs/metrics.md says what to do with it. */
export function collectMetrics(telemetry: Telemetry, nowMs = performance.now()): Metric[] {
  telemetry.sample(nowMs, 1000);
  const accounts = telemetry.ledger.accounts();
  return [
    ...agentMetrics(telemetry, nowMs),
    ...inputMetrics(telemetry),
    ...podMetrics(telemetry),
    ...accountMetrics(accounts),
    ...filterMetrics(accounts),
    ...outputMetrics(telemetry, nowMs),
  ];
}

function agentMetrics(telemetry: Telemetry, nowMs: number): Metric[] {
  const { user, system } = process.cpuUsage();
  const upSeconds = (nowMs - telemetry.startedAtMs) / 1000;
  return [
    gauge("logq_build_info", "Version of logq-agent; always 1.", 1, { version: packageJson.version }),
    gauge("logq_healthy", "Whether /api/v1/health says ok.", telemetry.health(nowMs).healthy ? 1 : 0),
    counter("logq_uptime_seconds", "Seconds since the agent was started.", round(upSeconds)),
    gauge(
      "logq_recovery_seconds",
      "How long the last start or reload took to recover; -1: it has not yet.",
      telemetry.recoveryMs === null ? -1 : round(telemetry.recoveryMs / 1000),
    ),
    counter("logq_reloads_total", "Configurations that took over from another one.", telemetry.reloads),
    gauge(
      "process_start_time_seconds",
      "When the process was started, since 1970.",
      round(performance.timeOrigin / 1000),
    ),
    counter("process_cpu_seconds_total", "CPU time of the agent, user and system.", round((user + system) / 1e6)),
    gauge("process_resident_memory_bytes", "Resident memory of the agent.", process.memoryUsage.rss()),
    gauge("process_open_fds", "Open file descriptors of the agent.", openDescriptors()),
    counter("logq_state_written_bytes_total", "Bytes written into the state folder.", stateWritten.bytes),
  ];
}

function inputMetrics({ ledger, files, mounts, keptBytes }: Telemetry): Metric[] {
  const followed = { linked: 0, held: 0 };
  let linkedBytes = 0;
  for (const { record, size } of files()) {
    followed[record.linked ? "linked" : "held"]++;
    if (record.linked) linkedBytes += size;
  }
  const all = followed.linked + followed.held;
  const { releasedFiles, suspectedGaps, unshippedLosses } = ledger;
  return [
    metric("gauge", "logq_input_files", "Files that are followed, by how they are retained.", [
      { labels: { retained: "linked" }, value: followed.linked },
      { labels: { retained: "held" }, value: followed.held },
    ]),
    counter("logq_input_files_discovered_total", "Files taken up, those of an earlier life too.", all + releasedFiles),
    counter("logq_input_files_released_total", "Files given up: committed everywhere, or lost.", releasedFiles),
    gauge("logq_input_linked_bytes", "Bytes of the files that links hold.", linkedBytes),
    gauge("logq_input_kept_bytes", "Disk space of deleted files that only the agent keeps.", keptBytes()),
    metric(
      "gauge",
      "logq_input_mount_info",
      "How the files of a mount are retained; always 1.",
      mountSamples(mounts()),
    ),
    counter(
      "logq_input_suspected_gaps_total",
      "Chains whose files were all replaced between two looks.",
      suspectedGaps,
    ),
    metric(
      "counter",
      "logq_input_lost_bytes_total",
      "Bytes lost before any output had them, a lower bound.",
      byReason(unshippedLosses, {}),
    ),
  ];
}

function podMetrics({ podApi, filesAwaitingPod }: Telemetry): Metric[] {
  const api = podApi();
  if (api === null) return [];
  return [
    gauge("logq_kubernetes_up", "Whether the Kubernetes API answers.", api.listed && api.error === null ? 1 : 0),
    gauge("logq_kubernetes_pods", "Pods that are known, deleted ones whose logs are not drained too.", api.pods),
    gauge("logq_kubernetes_files_waiting", "Files whose pod is not known yet.", filesAwaitingPod()),
    counter("logq_kubernetes_requests_total", "Requests to the Kubernetes API.", api.requests),
    counter("logq_kubernetes_failures_total", "Requests to the Kubernetes API that failed.", api.failures),
  ];
}

function accountMetrics(accounts: readonly OutputAccount[]): Metric[] {
  const each = (value: (account: OutputAccount) => number): Sample[] =>
    accounts.map((account) => ({ labels: { output: account.output }, value: value(account) }));
  const bytes = (name: "read" | "delivered" | "filtered" | "quarantined", help: string): Metric =>
    metric(
      "counter",
      `logq_output_${name}_bytes_total`,
      help,
      each(({ total }) => total[name]),
    );
  const records = (name: keyof OutputAccount["records"], unit: "records" | "lines", help: string): Metric =>
    metric(
      "counter",
      `logq_output_${name}_${unit}_total`,
      help,
      each((account) => account.records[name]),
    );
  return [
    bytes("read", "Bytes seen in the files; always delivered + filtered + quarantined + lost + pending."),
    bytes("delivered", "Bytes of the files whose records are stored."),
    bytes("filtered", "Bytes of the files that filters left out."),
    bytes("quarantined", "Bytes of the files whose records are in the quarantine."),
    metric(
      "counter",
      "logq_output_lost_bytes_total",
      "Bytes that are lost, by reason.",
      accounts.flatMap(({ output, lostBytes }) => byReason(lostBytes, { output })),
    ),
    metric(
      "gauge",
      "logq_output_pending_bytes",
      "Bytes that wait to be shipped.",
      each(({ total }) => total.pending),
    ),
    metric(
      "gauge",
      "logq_conservation_error_bytes",
      "What the accounts do not explain; always 0.",
      each(({ errorBytes }) => errorBytes),
    ),
    records("delivered", "records", "Records stored."),
    records("filtered", "records", "Records that filters left out."),
    records("quarantined", "records", "Records put into the quarantine."),
    records("unparsed", "lines", "Lines that are not of the form the input says, shipped as they are."),
    records("cut", "records", "Records cut at their size limit, or ended by the end of their file."),
    records("clamped", "records", "Records whose time was out of range and was replaced by the read time."),
    records("repaired", "records", "Records with bytes that are not UTF-8, which were replaced."),
  ];
}

/** Under Fluent Bit's names where it has them; each output has its records filtered by itself. */
function filterMetrics(accounts: readonly OutputAccount[]): Metric[] {
  const count = (name: string, help: string, value: (counts: FilterCounts) => number): Metric =>
    metric(
      "counter",
      name,
      help,
      accounts.flatMap(({ output, filters }) =>
        [...filters].map(([filter, counts]) => ({ labels: { name: filter, output }, value: value(counts) })),
      ),
    );
  return [
    count("fluentbit_filter_records_total", "Records that came to the filter.", ({ records }) => records),
    count("fluentbit_filter_add_records_total", "Records that the filter added; always 0.", () => 0),
    count("fluentbit_filter_drop_records_total", "Records that the filter dropped.", ({ dropped }) => dropped),
    count(
      "fluentbit_filter_drop_bytes_total",
      "Bytes of the log files that they stand for.",
      ({ droppedBytes }) => droppedBytes,
    ),
    count("logq_filter_changed_records_total", "Records that the filter changed.", ({ changed }) => changed),
  ];
}

function outputMetrics(telemetry: Telemetry, nowMs: number): Metric[] {
  const outputs = telemetry.outputs();
  const each = (value: (stats: OutputStats) => Sample["value"]): Sample[] =>
    outputs.map(({ id, stats }) => ({ labels: { output: id }, value: value(stats) }));
  const count = (name: string, help: string, value: (stats: OutputStats) => number): Metric =>
    metric("counter", `logq_output_${name}_total`, help, each(value));
  const now = (name: string, help: string, value: (stats: OutputStats) => number): Metric =>
    metric("gauge", `logq_output_${name}`, help, each(value));
  return [
    count("shipments", "Shipments committed.", (stats) => stats.shipments),
    count("objects", "Objects stored.", (stats) => stats.objects),
    count("shipped_raw_bytes", "Bytes of log files in the shipments.", (stats) => stats.rawBytes),
    count("stored_bytes", "Bytes of the stored objects.", (stats) => stats.storedBytes),
    count("failures", "Attempts that failed.", (stats) => stats.failures),
    count("retries", "Attempts made because one failed.", (stats) => stats.retries),
    count("requests", "Requests to the output's service.", (stats) => stats.requests),
    count("request_retries", "Requests that repeat a failed one.", (stats) => stats.requestRetries),
    count("throttles", "Requests that the service refused because there were too many.", (stats) => stats.throttles),
    now("requests_in_flight", "Requests to the output's service under way.", (stats) => stats.requestsInFlight),
    metric(
      "histogram",
      "logq_output_request_seconds",
      "Time of one request to the output's service.",
      each((stats) => stats.requestDurations),
    ),
    now("in_flight", "Whether a shipment is under way.", (stats) => Number(stats.inFlight)),
    now("failing", "Whether the last attempt failed.", (stats) => Number(stats.failing !== null)),
    now("retry_in_seconds", "Time until the next attempt after a failure.", (stats) =>
      round(Math.max(0, (stats.retryAtMs ?? nowMs) - nowMs) / 1000),
    ),
    metric(
      "gauge",
      "logq_output_lag_seconds",
      "Age of the oldest byte that waits.",
      outputs.map(({ id, lag }) => ({ labels: { output: id }, value: round(lag.lagMs(nowMs) / 1000) })),
    ),
    metric(
      "histogram",
      "logq_output_shipment_seconds",
      "Time from the plan of a shipment to its commit.",
      each((stats) => stats.durations),
    ),
  ];
}

/** Two inputs may have files on one mount, and each says how it keeps them. */
function mountSamples(mounts: readonly Mount[]): Sample[] {
  const byLabels = new Map<string, Sample>();
  for (const { path, mode, reason } of mounts) {
    const labels = { mount: path, retained: mode, reason: reason ?? "" };
    byLabels.set(JSON.stringify(labels), { labels, value: 1 });
  }
  return [...byLabels.values()];
}

function byReason(losses: Readonly<Record<string, number>>, labels: Readonly<Record<string, string>>): Sample[] {
  return LOSS_REASONS.map((reason) => ({ labels: { ...labels, reason }, value: losses[reason] ?? 0 }));
}

function counter(name: string, help: string, value: number): Metric {
  return metric("counter", name, help, [{ value }]);
}

function gauge(name: string, help: string, value: number, labels: Readonly<Record<string, string>> = {}): Metric {
  return metric("gauge", name, help, [{ labels, value }]);
}

function metric(type: Metric["type"], name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type, help, samples };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function openDescriptors(): number {
  try {
    // The listing itself has one open.
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return 0;
  }
}
