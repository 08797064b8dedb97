/** Statements and their answers, which were read from the fixtures by another program (Python), record by record. */
export const FLOW_GOLDENS: readonly (readonly [string, ...string[]])[] = [
  [
    "select count(*) as n, min(ts) as first, max(ts) as last from vpc_flow",
    '{"n":36,"first":"2026-11-20T23:50:04.000Z","last":"2026-11-21T11:07:31.000Z"}',
  ],
  [
    "select action, count(*) as n, sum(bytes) as bytes from vpc_flow group by action order by action",
    '{"action":"-","n":3,"bytes":null}',
    '{"action":"ACCEPT","n":23,"bytes":8303706}',
    '{"action":"REJECT","n":10,"bytes":3358692}',
  ],
  [
    "select log_status, count(*) as n from vpc_flow group by log_status order by log_status",
    '{"log_status":"NODATA","n":2}',
    '{"log_status":"OK","n":33}',
    '{"log_status":"SKIPDATA","n":1}',
  ],
  [
    "select ts, srcaddr, dstaddr, packets, bytes from vpc_flow where dstport = 22 and action = 'REJECT'",
    '{"ts":"2026-11-21T09:03:20.000Z","srcaddr":"2001:db8:85a3::8a2e:370:7334","dstaddr":"2001:db8:1234::5","packets":54,"bytes":8855}',
  ],
  [
    "select srcaddr, sum(bytes) as sent from vpc_flow where log_status = 'OK' group by srcaddr order by sent desc limit 3",
    '{"srcaddr":"198.51.100.23","sent":3268632}',
    '{"srcaddr":"10.0.13.9","sent":2928022}',
    '{"srcaddr":"203.0.113.7","sent":1819698}',
  ],
  [
    "select account_id, account, srcaddr, dstaddr, bytes from vpc_flow where protocol = 1",
    '{"account_id":"unknown","account":"123456789012","srcaddr":"172.31.16.139","dstaddr":"203.0.113.12","bytes":336}',
  ],
  [
    "select count(*) as n, sum(bytes) as bytes from vpc_flow where flow_direction = 'egress' and pkt_dst_aws_service = 'S3'",
    '{"n":1,"bytes":185420}',
  ],
  [
    "select reject_reason, count(*) as n from vpc_flow group by reject_reason order by n",
    '{"reject_reason":"BPA","n":1}',
    '{"reject_reason":"-","n":12}',
    '{"reject_reason":null,"n":23}',
  ],
  [
    "select encryption_status as status, count(*) as n from vpc_flow group by encryption_status order by n",
    '{"status":3,"n":1}',
    '{"status":0,"n":4}',
    '{"status":1,"n":7}',
    '{"status":null,"n":24}',
  ],
  [
    "select version, vpc_id, count(*) as n from vpc_flow group by version, vpc_id order by version",
    '{"version":2,"vpc_id":null,"n":23}',
    '{"version":10,"vpc_id":"vpc-0abc","n":13}',
  ],
  [
    `select interface_id, "end" - "start" as seconds from vpc_flow where log_status = 'NODATA' order by interface_id`,
    '{"interface_id":"eni-0a1b2c3d4e5f60001","seconds":60}',
    '{"interface_id":"eni-0a1b2c3d4e5f60003","seconds":60}',
  ],
  [
    "select dt, region, count(*) as n from vpc_flow group by dt, region order by dt",
    '{"dt":"2026-11-20","region":"eu-central-1","n":5}',
    '{"dt":"2026-11-21","region":"eu-central-1","n":31}',
  ],
  [
    "select dstaddr, dstport, count(*) as n from vpc_flow where action = 'REJECT' group by dstaddr, dstport having count(*) > 1 order by dstaddr",
    '{"dstaddr":"10.0.12.34","dstport":8080,"n":2}',
    '{"dstaddr":"10.0.14.77","dstport":8080,"n":2}',
  ],
];
