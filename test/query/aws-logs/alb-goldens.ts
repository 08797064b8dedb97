/** Statements and their answers, which were read from the fixtures by another program (Python), entry by entry. */
export const ALB_GOLDENS: readonly (readonly [string, ...string[]])[] = [
  [
    "select count(*) as n, min(ts) as first, max(time) as last from alb",
    '{"n":43,"first":"2026-11-20T23:56:45.399Z","last":"2026-11-21T11:04:56.723898Z"}',
  ],
  [
    "select elb_status_code as code, count(*) as n from alb group by elb_status_code order by code",
    ...[
      [101, 1],
      [200, 26],
      [301, 1],
      [304, 4],
      [400, 1],
      [403, 1],
      [404, 1],
      [460, 1],
      [500, 4],
      [502, 2],
      [504, 1],
    ].map(([code, n]) => `{"code":${code},"n":${n}}`),
  ],
  [
    "select ts, client_ip, client_port, user_agent from alb where client_ip like '2001:%'",
    String.raw`{"ts":"2026-11-21T09:01:02.345Z","client_ip":"2001:db8:85a3::8a2e:370:7334","client_port":41022,"user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) \\x22Quoted\\x22 Agent"}`,
  ],
  [
    "select ts, elb_status_code as code, request_verb as verb, request_url as url, target_processing_time as took from alb where elb_status_code >= 500 and target_status_code = '-' order by ts",
    '{"ts":"2026-11-21T09:03:00.500Z","code":502,"verb":"POST","url":"https://shop.example.com:443/checkout","took":-1}',
    String.raw`{"ts":"2026-11-21T09:03:01.500Z","code":504,"verb":"GET","url":"https://shop.example.com:443/api/v1/search?q=\\x22; drop","took":-1}`,
    '{"ts":"2026-11-21T11:01:01.001Z","code":502,"verb":"GET","url":"https://shop.example.com:443/fn","took":0.25}',
  ],
  [
    "select request_verb as verb, count(*) as n, sum(sent_bytes) as sent from alb group by request_verb order by verb",
    '{"verb":"-","n":1,"sent":272}',
    '{"verb":"GET","n":36,"sent":1156673}',
    '{"verb":"POST","n":6,"sent":239887}',
  ],
  [
    "select target_ip, count(*) as n, max(target_processing_time) as slowest, min(target_port) as port from alb group by target_ip order by n desc",
    '{"target_ip":"10.0.12.34","n":23,"slowest":0.553,"port":8080}',
    '{"target_ip":"10.0.13.9","n":16,"slowest":0.874,"port":8080}',
    '{"target_ip":null,"n":4,"slowest":0.25,"port":null}',
  ],
  [
    "select request_verb, request_url, request_proto, user_agent, classification_reason, request_processing_time as took from alb where classification = 'Severe'",
    '{"request_verb":"-","request_url":"http://shop.example.com:80-","request_proto":"-","user_agent":"-","classification_reason":"BadHeader","took":-1}',
  ],
  [
    "select actions_executed as actions, count(*) as n from alb group by actions_executed order by actions",
    '{"actions":"-","n":1}',
    '{"actions":"forward","n":39}',
    '{"actions":"redirect","n":1}',
    '{"actions":"waf","n":1}',
    '{"actions":"waf,forward","n":1}',
  ],
  [
    "select request_url, redirect_url from alb where actions_executed = 'redirect'",
    '{"request_url":"http://shop.example.com:80/cart?id=%221%22","redirect_url":"https://shop.example.com:443/cart?id=%221%22"}',
  ],
  [
    "select ts, user_agent, classification from alb where conn_trace_id is null order by ts",
    '{"ts":"2026-11-21T11:04:04.000Z","user_agent":"Mozilla/4.0 (compatible; of 2023)","classification":"-"}',
    '{"ts":"2026-11-21T11:04:05.000Z","user_agent":"Mozilla/4.0 (compatible; of 2018)","classification":null}',
  ],
  [
    "select dt, account, region, count(*) as n from alb group by dt, account, region order by dt",
    '{"dt":"2026-11-20","account":"123456789012","region":"eu-central-1","n":6}',
    '{"dt":"2026-11-21","account":"123456789012","region":"eu-central-1","n":37}',
  ],
  [
    "select transformed_host, transformed_uri from alb where request_transform_status = 'TransformSuccess'",
    '{"transformed_host":"web.internal","transformed_uri":"/v2/cart"}',
  ],
  [
    "select ts, user_agent from alb where user_agent like '%uoted%' order by ts",
    String.raw`{"ts":"2026-11-21T09:01:02.345Z","user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) \\x22Quoted\\x22 Agent"}`,
    String.raw`{"ts":"2026-11-21T11:03:03.000Z","user_agent":"a \\\"quoted\\\" agent of an older writer"}`,
  ],
  [
    "select ts, target_processing_time as took, request_url as url from alb order by took desc limit 2",
    '{"ts":"2026-11-21T11:01:15.993Z","took":0.874,"url":"https://shop.example.com:443/"}',
    '{"ts":"2026-11-21T09:02:48.524Z","took":0.784,"url":"https://shop.example.com:443/"}',
  ],
];
