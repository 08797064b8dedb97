const ALICE = "arn:aws:sts::123456789012:assumed-role/PlatformAdmin/alice@example.com";
const BOB = "arn:aws:sts::123456789012:assumed-role/Developer/bob";

/** Statements and their answers, which were read from the fixture by another program (Python), event by event. */
export const AUDIT_GOLDENS: readonly (readonly [string, ...string[]])[] = [
  [
    "select count(*) as n, count(verb) as events, min(ts) as first, max(ts_ns) as last from eks_audit",
    '{"n":30,"events":29,"first":"2026-11-21T09:00:01.000Z","last":1795256100123456000}',
  ],
  [
    "select verb, count(*) as n from eks_audit where verb is not null group by verb order by verb",
    '{"verb":"create","n":4}',
    '{"verb":"delete","n":2}',
    '{"verb":"get","n":9}',
    '{"verb":"list","n":4}',
    '{"verb":"patch","n":8}',
    '{"verb":"update","n":1}',
    '{"verb":"watch","n":1}',
  ],
  [
    "select ts, user_name, verb, namespace, name, status_code from eks_audit where resource = 'secrets' order by ts",
    `{"ts":"2026-11-21T09:00:01.000Z","user_name":"${ALICE}","verb":"get","namespace":"shop","name":"db-password","status_code":200}`,
    `{"ts":"2026-11-21T09:00:02.000Z","user_name":"${BOB}","verb":"get","namespace":"shop","name":"db-password","status_code":403}`,
    `{"ts":"2026-11-21T09:00:03.000Z","user_name":"${BOB}","verb":"list","namespace":"shop","name":null,"status_code":403}`,
    `{"ts":"2026-11-21T09:00:40.000Z","user_name":"${ALICE}","verb":"get","namespace":"ingress","name":"tls-cert","status_code":200}`,
    `{"ts":"2026-11-21T10:15:00.123Z","user_name":"${ALICE}","verb":"delete","namespace":"shop","name":"old-token","status_code":200}`,
  ],
  [
    "select user_name, resource, status_reason, request_uri from eks_audit where decision = 'forbid' order by ts",
    `{"user_name":"${BOB}","resource":"secrets","status_reason":"Forbidden","request_uri":"/api/v1/namespaces/shop/secrets/db-password"}`,
    `{"user_name":"${BOB}","resource":"secrets","status_reason":"Forbidden","request_uri":"/api/v1/namespaces/shop/secrets"}`,
    '{"user_name":"system:anonymous","resource":null,"status_reason":"Forbidden","request_uri":"/.env"}',
  ],
  [
    "select status_message from eks_audit where status_code = 403 and source_ip = '192.0.2.66'",
    String.raw`{"status_message":"forbidden: User \"system:anonymous\" cannot get path \"/.env\""}`,
  ],
  [
    "select ts, name, stage, status_code from eks_audit where subresource = 'exec' order by stage",
    '{"ts":"2026-11-21T09:00:09.000Z","name":"checkout-6c9f-x2x7v","stage":"ResponseComplete","status_code":101}',
    '{"ts":"2026-11-21T09:00:09.000Z","name":"checkout-6c9f-x2x7v","stage":"ResponseStarted","status_code":101}',
  ],
  [
    "select user_agent, source_ip, source_ips, request_uri from eks_audit where user_name = 'system:anonymous' order by ts",
    String.raw`{"user_agent":"Go-http-client/1.1","source_ip":"192.0.2.66","source_ips":"[\"192.0.2.66\",\"10.0.1.10\"]","request_uri":"/version"}`,
    String.raw`{"user_agent":"masscan/1.3","source_ip":"192.0.2.66","source_ips":"[\"192.0.2.66\",\"10.0.1.10\"]","request_uri":"/.env"}`,
  ],
  [
    "select user_name, impersonated_user, name from eks_audit where impersonated_user is not null",
    `{"user_name":"${ALICE}","impersonated_user":"bob@example.com","name":"tls-cert"}`,
  ],
  [
    "select audit_level, api_group, name, request_object.spec.replicas as asked, response_object.metadata.generation as generation from eks_audit where verb = 'patch' and resource = 'deployments'",
    '{"audit_level":"RequestResponse","api_group":"apps","name":"web","asked":"5","generation":"12"}',
  ],
  [
    "select request_object.roleRef.name as role, request_object.subjects[0].name as subject from eks_audit where resource = 'clusterrolebindings'",
    '{"role":"cluster-admin","subject":"bob"}',
  ],
  [
    "select user_extra.sessionName[0] as session, count(*) as n from eks_audit group by user_extra.sessionName[0] order by n",
    '{"session":"bob","n":2}',
    '{"session":"alice@example.com","n":9}',
    '{"session":null,"n":19}',
  ],
  [
    "select status_code, count(*) as n from eks_audit where status_code >= 300 group by status_code order by status_code",
    '{"status_code":403,"n":3}',
    '{"status_code":404,"n":1}',
    '{"status_code":429,"n":1}',
  ],
  [
    "select name, event.responseStatus.message as said from eks_audit where resource = 'configmaps'",
    String.raw`{"name":"面包-config","said":"configmaps \"面包-config\" not found"}`,
  ],
  [
    "select decision_reason, count(*) as n from eks_audit where user_groups like '%system:unauthenticated%' group by decision_reason order by decision_reason",
    '{"decision_reason":"","n":1}',
    String.raw`{"decision_reason":"RBAC: allowed by ClusterRoleBinding \"system:public-info-viewer\"","n":1}`,
  ],
  [
    "select cluster, dt, hour, count(*) as n from eks_audit group by cluster, dt, hour order by hour",
    '{"cluster":"prod","dt":"2026-11-21","hour":"09","n":29}',
    '{"cluster":"prod","dt":"2026-11-21","hour":"10","n":1}',
  ],
];
