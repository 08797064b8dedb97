import type { Service, Surroundings } from "./contenders.ts";

/** What is used of a pod as the API server describes it. */
interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly nodeName: string; readonly containers: readonly { name: string; image: string }[] };
}

/** Fluentd's configuration, with its plugins parser-cri, s3, cloudwatch-logs and kinesis. Their defaults but for the compression. */
export function fluentdConfig(around: Surroundings, pods: readonly unknown[]): string {
  const { folder, node, outputs } = around;
  const stores = outputs.map(({ service }) => `  <store>\n${storeOf(service, around)}  </store>\n`);
  return `<system>
  log_level error
</system>
<source>
  @type tail
  path ${node}/var/log/containers/*.log
  pos_file ${folder}/fluentd.pos
  tag kubernetes.*
  read_from_head true
  refresh_interval 1
  <parse>
    @type cri
  </parse>
</source>
${pods.map((pod) => filterOf(pod as Pod)).join("")}<match **>
  @type copy
${stores.join("")}</match>
`;
}

function filterOf({ metadata, spec }: Pod): string {
  const [container] = spec.containers;
  const kubernetes = {
    pod_name: metadata.name,
    namespace_name: metadata.namespace,
    pod_id: metadata.uid,
    labels: metadata.labels,
    host: spec.nodeName,
    container_name: container?.name,
    container_image: container?.image,
  };
  return `<filter kubernetes.**.${metadata.name}_${metadata.namespace}_*.log>
  @type record_transformer
  <record>
    kubernetes ${JSON.stringify(kubernetes)}
  </record>
</filter>
`;
}

function storeOf(service: Service, { folder, endpoints, uploadSeconds }: Surroundings): string {
  const endpoint = endpoints[service];
  const buffer = (flushSeconds: number): string => `    <buffer>
      @type file
      path ${folder}/fluentd-${service}
      flush_mode interval
      flush_interval ${flushSeconds}s
      flush_at_shutdown true
    </buffer>
    <format>
      @type json
    </format>
`;
  const keys = "    aws_key_id test\n    aws_sec_key test\n    region us-east-1\n";
  const texts: Readonly<Record<Service, string>> = {
    s3: `    @type s3
${keys.replace("region", "s3_region")}    s3_bucket logs
    s3_endpoint ${endpoint}
    force_path_style true
    check_bucket false
    check_object false
    s3_object_key_format %{path}%{time_slice}_%{uuid_flush}.%{file_extension}
    store_as gzip
${buffer(uploadSeconds)}`,
    cloudwatch_logs: `    @type cloudwatch_logs
${keys}    endpoint ${endpoint}
    log_group_name logs
    use_tag_as_stream true
    auto_create_stream true
${buffer(1)}`,
    kinesis_firehose: `    @type kinesis_firehose
${keys}    endpoint ${endpoint}
    delivery_stream_name logs
${buffer(1)}`,
  };
  return texts[service];
}
