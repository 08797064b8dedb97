import { ACCOUNT, day } from "./aws-partitions.ts";
import { defineTable, type QueryColumn } from "./definition.ts";

/**
 * VPC flow logs. Names of columns: Athena's user guide, "Create a table for VPC flow logs"; fields: the user guide of VPC,
 * "Flow log records", versions 2 to 10 and what came after them. A file has those that its flow log was made with, in
 * that order, as its first line says; in Parquet they are columns. What does not apply is '-' in a text, and null in a number.
 */
const FIELD_COLUMNS: readonly QueryColumn[] = [
  number("version", "int", "of the format: 2 is the default one, a format of one's own has the highest of its fields"),
  text("account_id", "the owner of the network interface, or unknown"),
  text("interface_id", "the network interface: eni-…"),
  text("srcaddr", "source address, or the interface's own"),
  text("dstaddr", "destination address, or the interface's own"),
  number("srcport", "int", "source port"),
  number("dstport", "int", "destination port"),
  number("protocol", "bigint", "IANA's number: 6 is TCP, 17 UDP, 1 ICMP"),
  number("packets", "bigint", "packets during the capture window"),
  number("bytes", "bigint", "bytes during the capture window"),
  number("start", "bigint", "when the first packet was seen, in seconds since 1970"),
  number("end", "bigint", 'when the last one was, in seconds since 1970; in quotes, for SQL has a word END: "end"'),
  text("action", "ACCEPT or REJECT"),
  text("log_status", "OK, NODATA (no traffic) or SKIPDATA (some is missing)"),
  text("vpc_id", "the VPC"),
  text("subnet_id", "the subnet"),
  text("instance_id", "the instance, unless it is another account's"),
  number("tcp_flags", "int", "OR-ed: 1 FIN, 2 SYN, 4 RST, 18 SYN-ACK"),
  text("type", "IPv4, IPv6 or EFA"),
  text("pkt_srcaddr", "source address in the packet: the pod's, behind a NAT gateway"),
  text("pkt_dstaddr", "destination address in the packet"),
  {
    ...text("region", "the region of the interface; that of the file where the format has none"),
    duckDb: `coalesce(nullif(field_region, '-'), region)`,
    // The partition of Athena's table, whose own column is called region.
    trino: "coalesce(nullif(region, '-'), file_region)",
  },
  text("az_id", "the availability zone: euc1-az2"),
  text("sublocation_type", "wavelength, outpost or localzone"),
  text("sublocation_id", "its id"),
  text("pkt_src_aws_service", "AWS's service that pkt_srcaddr is of: S3, EC2 …"),
  text("pkt_dst_aws_service", "AWS's service that pkt_dstaddr is of"),
  text("flow_direction", "ingress or egress, as the interface sees it"),
  number("traffic_path", "int", "the way out of the VPC: 8 is an internet gateway, 7 a gateway endpoint"),
  text("ecs_cluster_arn", "the ECS cluster"),
  text("ecs_cluster_name", "its name"),
  text("ecs_container_instance_arn", "the ECS container instance, on EC2"),
  text("ecs_container_instance_id", "its id"),
  text("ecs_container_id", "the Docker runtime id of the first container"),
  text("ecs_second_container_id", "that of the second one, if there are several"),
  text("ecs_service_name", "the ECS service"),
  text("ecs_task_definition_arn", "the ECS task definition"),
  text("ecs_task_arn", "the ECS task"),
  text("ecs_task_id", "its id"),
  text("reject_reason", "why: BPA or EC"),
  text("resource_id", "the regional NAT gateway"),
  number("encryption_status", "int", "0 none, 1 by Nitro, 2 by the application, 3 by both"),
  text("instance_tag", "value of the instance's tag that the flow log names"),
  text("instance_tag_2", "of the second one"),
  text("interface_tag", "value of the interface's tag that the flow log names"),
  text("interface_tag_2", "of the second one"),
  text("asg_tag", "value of the Auto Scaling group's tag that the flow log names"),
  text("asg_tag_2", "of the second one"),
  text("interface_type", "what kind of interface it is"),
  text("next_hop_interface_id", "the interface that the traffic goes to"),
  text("next_hop_subnet_id", "its subnet"),
  text("next_hop_az_id", "its availability zone"),
  text("next_hop_vpc_id", "its VPC"),
  text("next_hop_interface_type", "what kind of interface it is"),
];

/** The names of the fields, as the first line of a file has them, in the order of the columns. */
export const FLOW_FIELDS: readonly string[] = FIELD_COLUMNS.map(({ name }) => name.replaceAll("_", "-"));

/** What a field is called where `readers` read it: `region` is the folder's. */
export function flowField(name: string): string {
  return name === "region" ? "field_region" : name.replaceAll("-", "_");
}

const READ_FIELDS = FLOW_FIELDS.map(flowField);
const SECONDS = 'coalesce(TRY_CAST("start" AS bigint), TRY_CAST("end" AS bigint))';

export const VPC_FLOW = defineTable({
  name: "vpc_flow",
  meaning: "VPC flow logs, one flow in one capture window a row",
  columns: [
    {
      name: "ts",
      type: "timestamp",
      meaning: "start as a timestamp in UTC, or end where the format has no start: what the window acts on",
      duckDb: `make_timestamp(${SECONDS} * 1000000)`,
      trino: 'CAST(from_unixtime(coalesce("start", "end")) AS timestamp(3))',
      hive: null,
    },
    ...FIELD_COLUMNS,
  ],
  partitions: [
    ACCOUNT,
    day(
      `strftime(make_timestamp(${SECONDS} * 1000000), '%Y-%m-%d')`,
      `date_format(from_unixtime(coalesce("start", "end")), '%Y-%m-%d')`,
    ),
  ],
  timeColumns: ["ts", "start", "end", "dt"],
  orderColumns: ["ts", "interface_id", "srcaddr", "srcport", "dstaddr", "dstport"],
  aws: {
    service: "vpcflowlogs",
    extensions: [".log.gz", ".log", ".parquet"],
    // Ten minutes of capture, ten of delivery as a rule; AWS promises none.
    lateMs: 7_200_000,
    // "Flow log files": one named 16:20 holds the records that end from 16:20:00 to 16:24:59.
    spanMs: 300_000,
    content: "flow records",
    readers: [
      {
        extension: ".log",
        function: "read_csv",
        options:
          "delim = ' ', quote = '', escape = '', comment = '', skip = 0, header = true, all_varchar = true, union_by_name = true, hive_partitioning = true, hive_types_autocast = false",
        mayLack: READ_FIELDS,
      },
      {
        extension: ".parquet",
        function: "read_parquet",
        options: "hive_partitioning = true, hive_types_autocast = false, union_by_name = true",
        mayLack: READ_FIELDS,
      },
    ],
  },
  view: null,
});

function text(name: string, meaning: string): QueryColumn {
  return { name, type: "varchar", meaning, duckDb: `"${name}"` };
}

function number(name: string, hive: string, meaning: string): QueryColumn {
  return { name, type: "bigint", meaning, duckDb: `TRY_CAST("${name}" AS bigint)`, hive };
}
