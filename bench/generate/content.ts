import type { Content } from "./pods.ts";

/**
 * What containers write, as templates. A slot in braces is filled per line:
 *   {d3} three random digits · {h16} sixteen random hex digits · {seq} `seq=<pod>-<n>` · {iso} {clf} {klog} the line's
 *   time as ISO 8601, common log format, klog
 * and `{a|b|c}` is one of the texts, chosen when the template is expanded.
 */
export interface Event {
  /** How often, relative to the others of its kind. */
  readonly weight: number;
  readonly stream: "stdout" | "stderr";
  /** More than one line for what an application writes at once (a stack trace). */
  readonly lines: readonly string[];
}

const AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36";
const NODE_IP = "10.{d2}.{d2}.1{d2}";

const nginx: readonly Event[] = [
  access(20, "GET /api/items/{d5}", "200", "{d4}"),
  access(6, "GET /static/app.{h8}.js", "{200|304}", "{d5}"),
  access(4, "POST /api/cart/{d6}", "201", "{d3}"),
  access(2, "GET /{robots.txt|favicon.ico|old-page|wp-login.php}", "404", "1{d2}"),
  access(1, "POST /api/checkout/{d6}", "{500|502|503|504}", "5{d2}"),
  {
    weight: 1,
    stream: "stderr",
    lines: [
      `{iso} [error] 31#31: *{d6} connect() failed (111: Connection refused) while connecting to upstream, client: ${NODE_IP}, server: shop.example.com, request: "POST /api/checkout HTTP/1.1", upstream: "http://10.0.{d2}.{d2}:8080/api/checkout" {seq}`,
    ],
  },
];

const json: readonly Event[] = [
  app(20, "info", "order placed", `"order":"{h12}","items":{d1},"total":{d3}.{d2},"currency":"{EUR|USD|CNY}"`),
  app(10, "debug", "cache {hit|miss}", `"key":"cart:{h16}","ttl_ms":{d4},"shard":{d2}`),
  app(3, "warn", "slow query", `"table":"{orders|items|customers}","rows":{d4},"plan":"{seq scan|index scan}"`),
  app(1, "error", "payment declined", `"order":"{h12}","status":{402|500|503},"provider":"{visa|alipay|paypal}"`),
];

const JAVA_FRAMES = [
  "\tat com.example.shop.order.OrderService.place(OrderService.java:{d3}) ~[orders-4.2.{d1}.jar!/:na] {seq}",
  "\tat com.example.shop.order.OrderController.post(OrderController.java:{d2}) ~[orders-4.2.{d1}.jar!/:na] {seq}",
  "\tat org.springframework.web.method.support.InvocableHandlerMethod.doInvoke(InvocableHandlerMethod.java:{d3}) ~[spring-web-6.1.{d1}.jar!/:6.1.{d1}] {seq}",
  "\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1{d3}) ~[na:na] {seq}",
];

const java: readonly Event[] = [
  spring(
    24,
    " INFO",
    "OrderService",
    "Order {h12} accepted for customer {d6}: {d1} items from warehouse {FRA|PVG|IAD}-{d1}",
  ),
  spring(
    6,
    "DEBUG",
    "HikariPool  ",
    "pool stats (total={d2}, active={d1}, idle={d1}, waiting=0), acquired in {d2} ms by request {h16}",
  ),
  spring(
    3,
    " WARN",
    "RetryPolicy ",
    "Attempt {d1} of 5 to call inventory at http://inventory.shop.svc:8080/v1/stock/{d6} took {d4} ms",
  ),
  {
    weight: 1,
    stream: "stdout",
    lines: [
      "{iso} ERROR 1 --- [nio-8080-exec-{d1}] c.e.shop.order.OrderController : Request {h16} failed {seq}",
      "java.lang.IllegalStateException: stock of item {d6} is negative (-{d1}) in warehouse {FRA|PVG|IAD}-{d1} {seq}",
      ...JAVA_FRAMES,
      "Caused by: java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 30{d3}ms {seq}",
      ...JAVA_FRAMES.slice(2),
    ],
  },
];

const klog: readonly Event[] = [
  kube(
    20,
    "I",
    "proxier.go:8{d2}",
    '"Syncing iptables rules" ipFamily="IPv4" services={d3} endpoints={d4} elapsed="{d2}.{d6}ms"',
  ),
  kube(
    8,
    "I",
    "endpointslice.go:{d3}",
    '"Updating endpoint slice" namespace="{shop|default|monitoring}" service="{cart|orders|shop}" uid="{h16}" addresses={d2}',
  ),
  kube(
    3,
    "W",
    "reflector.go:5{d2}",
    "k8s.io/client-go/informers/factory.go:150: watch of *v1.{Service|Node|EndpointSlice} ended with: too old resource version: {d8} ({d8})",
  ),
  kube(
    1,
    "E",
    "leaderelection.go:{d3}",
    '"Failed to update lock" err="Put https://10.100.0.1:443/apis/coordination.k8s.io/v1/leases: context deadline exceeded" request="{h16}"',
  ),
];

const logfmt: readonly Event[] = [
  fmt(20, "info", 'msg="write block" mint=17{d8} maxt=17{d8} ulid=01{h16} duration={d1}.{d6}s'),
  fmt(8, "debug", 'msg="scrape finished" target=http://10.0.{d2}.{d2}:9100/metrics samples={d4} bytes={d6} hash={h32}'),
  fmt(
    3,
    "warn",
    'msg="Error on ingesting out-of-order samples" scrape_pool=kubernetes-{pods|nodes} num_dropped={d2} series_ref={h24}',
  ),
  fmt(
    1,
    "error",
    'msg="Failed to send notifications" alertmanager=http://alertmanager:9093/api/v2/alerts count={d1} err="dial tcp 10.100.{d2}.{d2}:9093: i/o timeout"',
  ),
];

const text: readonly Event[] = [
  say(8, "{早上好|你好|谢谢惠顾}，订单 {h12} 已发货，预计 {d2} 小时后送达，客服电话 400-{d3}-{d4}，祝您生活愉快 {seq}"),
  say(
    8,
    "Grüße aus {München|Köln|Zürich}: Bestellung {h12} wird in {d2} Stunden zugestellt, Rückfragen an straße{d3}@example.com {seq}",
  ),
  say(4, "Заказ {h12} передан курьеру, ожидайте доставку в течение {d2} часов, телефон +7 {d3} {d3} {d4} {seq}"),
  say(2, "🚀 deploy {h40} finished in {d2}.{d3} s — {d2} pods ready, {d1} restarted, rollout of greeter 🎉 {seq}"),
];

export const EVENTS: Readonly<Record<Content, readonly Event[]>> = { nginx, json, java, klog, logfmt, text };

function access(weight: number, request: string, status: string, size: string): Event {
  const line = `${NODE_IP} - - [{clf}] "${request}?{seq} HTTP/1.1" ${status} ${size} "https://shop.example.com/" "${AGENT}" rt=0.{d3} id={h16}`;
  return { weight, stream: "stdout", lines: [line] };
}

function app(weight: number, level: string, message: string, fields: string): Event {
  const line = `{"time":"{iso}","level":"${level}","msg":"${message}",${fields},"latency_ms":{d3},"trace_id":"{h32}","customer":"c-{d6}","note":"{seq}"}`;
  return { weight, stream: "stdout", lines: [line] };
}

function spring(weight: number, level: string, logger: string, message: string): Event {
  const line = `{iso} ${level} 1 --- [nio-8080-exec-{d1}] c.e.shop.order.${logger} : ${message} [trace={h32}] {seq}`;
  return { weight, stream: "stdout", lines: [line] };
}

function kube(weight: number, severity: string, source: string, message: string): Event {
  return { weight, stream: "stderr", lines: [`${severity}{klog}       1 ${source}] ${message} {seq}`] };
}

function fmt(weight: number, level: string, fields: string): Event {
  return {
    weight,
    stream: "stderr",
    lines: [`ts={iso} caller=head.go:{d3} level=${level} component=tsdb ${fields} {seq}`],
  };
}

function say(weight: number, line: string): Event {
  return { weight, stream: "stdout", lines: [line] };
}
