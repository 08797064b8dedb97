import { describe, expect, test } from "vitest";

import type { ForwardConfig } from "../../config/input/forward.ts";
import { renderConfig } from "../../config/render.ts";
import { load } from "./fixture.ts";

function forward(...options: readonly string[]): string {
  const inputs = ["    - name: forward", ...options.map((option) => `      ${option}`)].join("\n");
  return `service:\n  cluster: prod\npipeline:\n  inputs:\n${inputs}\n  outputs:\n    - name: directory\n      match: 'app.*'\n      path: /srv/store\n`;
}

function read(...options: readonly string[]): ForwardConfig {
  const loaded = load(forward(...options));
  expect(loaded.problems).toEqual([]);
  // What is printed is read again to the same effect.
  expect(load(renderConfig(loaded.config!)).config).toEqual(loaded.config);
  return loaded.config!.inputs[0] as ForwardConfig;
}

describe("input forward", () => {
  test("has Fluent Bit's defaults", () => {
    expect(read()).toEqual({
      plugin: "forward",
      tag: null,
      tagPrefix: null,
      listen: "0.0.0.0",
      port: 24224,
      unixPath: null,
      unixPerm: null,
      bufferMaxBytes: 6_144_000,
      maxConnections: 256,
      security: null,
      spoolBytesMax: 256_000_000,
    });
  });

  test("takes Fluent Bit's options", () => {
    expect(
      read(
        "unix_path: /var/run/fluent.sock",
        "unix_perm: '0660'",
        "tag_prefix: fwd.",
        "tag: x",
        "buffer_max_size: 10M",
        "storage.total_limit_size: 1G",
      ),
    ).toMatchObject({
      unixPath: "/var/run/fluent.sock",
      unixPerm: 0o660,
      tagPrefix: "fwd.",
      tag: null,
      bufferMaxBytes: 10_000_000,
      spoolBytesMax: 1_000_000_000,
    });
  });

  test("takes shared key, host name and users, blanks in quotes", () => {
    const users = ["security.users:", "  - ann secret", "  - 'bob \"two words\"'"];
    expect(read("shared_key: k", "self_hostname: me", ...users).security).toEqual({
      sharedKey: "k",
      selfHostname: "me",
      users: [
        { name: "ann", password: "secret" },
        { name: "bob", password: "two words" },
      ],
    });
    expect(read("empty_shared_key: on").security).toEqual({ sharedKey: "", selfHostname: "localhost", users: [] });
  });

  test.each([
    ["unix_perm: rw", "write up to four octal digits"],
    ["security.users: ann secret", "needs shared_key, or empty_shared_key: on"],
    ["port: 70000", "65535"],
    ["tls: on", "senders connect without TLS"],
    ["buffer_max_size: 1k", "32k"],
  ])("refuses %s", (option, reason) => {
    expect(load(forward(option)).problems.join()).toContain(reason);
  });

  test("two that listen at one place are refused", () => {
    const text = forward("port: 1234").replace("  outputs:", "    - name: forward\n      port: 1234\n  outputs:");
    expect(load(text).problems.join()).toContain("listens on 0.0.0.0:1234 too");
  });

  test("accepts what Fluent Bit needs and this does not, with a notice each", () => {
    const { problems, notices } = load(
      forward("buffer_chunk_size: 1M", "workers: 2", "mem_buf_limit: 5MB", "storage.type: filesystem"),
    );
    expect(problems).toEqual([]);
    expect(notices.filter((notice) => notice.includes("accepted without effect"))).toHaveLength(4);
  });

  test("what ECS generates for FireLens starts as it is", () => {
    const config = `[INPUT]
    Name tcp
    Listen 127.0.0.1
    Port 8877
    Tag firelens-healthcheck

[INPUT]
    Name forward
    Mem_Buf_Limit 25MB
    unix_path /var/run/fluent.sock

[INPUT]
    Name forward
    Listen 127.0.0.1
    Port 24224

[FILTER]
    Name grep
    Match app-firelens*
    Exclude log success

[FILTER]
    Name record_modifier
    Match *
    Record ecs_cluster prod
    Record ecs_task_arn arn:aws:ecs:us-east-1:1:task/prod/0a1b
    Record ecs_task_definition shop:7

[OUTPUT]
    Name null
    Match firelens-healthcheck

[OUTPUT]
    Name kinesis_firehose
    Match app-firelens*
    delivery_stream s
    region us-east-1
`;
    const { problems, notices, config: loaded } = load({ "fluent-bit.conf": config }, {}, "fluent-bit.conf");
    expect(problems).toEqual([]);
    expect(notices.join("\n")).toContain("left out: nothing answers ECS' health check");
    expect(loaded?.inputs).toMatchObject([{ unixPath: "/var/run/fluent.sock" }, { port: 24224 }]);
    const other = config.replace("Tag firelens-healthcheck", "Tag app");
    expect(load({ "fluent-bit.conf": other }, {}, "fluent-bit.conf").problems.join()).toContain(
      "input tcp is not in this version",
    );
  });

  test("a match that no sender's tag can meet is noticed where the tag is fixed", () => {
    expect(load(forward()).notices).toEqual([]);
    expect(load(forward("tag_prefix: app.")).notices).toEqual([]);
    expect(load(forward("tag: other")).notices.join()).toContain("matches no input's tag (other)");
    expect(load(forward("tag_prefix: web.")).notices.join()).toContain("matches no input's tag (web.*)");
  });
});
