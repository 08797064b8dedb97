import path from "node:path";

import type { OptionGroup } from "../option.ts";
import { onOff, refuseOption, type Plugin, type Reading } from "../plugin.ts";
import { quoteWord, splitQuoted } from "../quoted.ts";
import type { RawSection } from "../raw.ts";
import { NO_WORKERS, ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { formatSize } from "../scalar.ts";
import { readSettings } from "../settings.ts";

export interface ForwardConfig {
  readonly plugin: "forward";
  /** Null: records have their senders' tags. */
  readonly tag: string | null;
  /** Stands before the senders' tags; null: nothing does. */
  readonly tagPrefix: string | null;
  readonly listen: string;
  readonly port: number;
  /** Not null: it listens there, and on no port. */
  readonly unixPath: string | null;
  readonly unixPerm: number | null;
  /** Of a message, as it is sent and unpacked. */
  readonly bufferMaxBytes: number;
  readonly maxConnections: number;
  /** Null: everybody may send. */
  readonly security: {
    readonly sharedKey: string;
    readonly selfHostname: string;
    readonly users: readonly { readonly name: string; readonly password: string }[];
  } | null;
  /** Where records lie until they are shipped, at most. */
  readonly spoolBytesMax: number;
}

const NO_TLS = "senders connect without TLS; let them use the unix socket, or a proxy in the pod or task that ends TLS";

const GROUP = {
  doc: "Takes records from Fluentd, Fluent Bit, Docker's fluentd log driver and ECS FireLens by Fluentd's forward protocol. They are written to files in the state folder first, and acknowledged only when they are durable there.",
  options: {
    tag: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Tag of all records, whatever their senders say; without it they keep their senders' tags.",
    },
    tag_prefix: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Stands before the senders' tags; then `tag` has no effect.",
    },
    listen: {
      type: "string",
      default: "0.0.0.0",
      origin: "fluent-bit",
      doc: "Address of the network interface to listen on.",
    },
    port: {
      type: "integer",
      default: "24224",
      min: "0",
      max: "65535",
      origin: "fluent-bit",
      doc: "TCP port to listen on.",
    },
    unix_path: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Path of a unix socket to listen on, in place of the port.",
    },
    unix_perm: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Permissions of the unix socket, in octal digits such as `0660`.",
    },
    buffer_max_size: {
      type: "size",
      default: "6144000",
      min: "32k",
      max: "100M",
      origin: "fluent-bit",
      doc: "How large a message may be, both as it is sent and unpacked; a larger one ends its connection. At most two that are larger than 32 KB are received at the same time.",
    },
    max_connections: {
      type: "integer",
      default: "256",
      min: "1",
      max: "10000",
      origin: "ours",
      doc: "Connections that may be open; a further one takes the place of the one that has been quiet longest, 10 seconds at least.",
    },
    shared_key: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "A key that senders must know; without it everybody may send who can connect.",
    },
    empty_shared_key: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Whether senders use the handshake with an empty key.",
    },
    self_hostname: {
      type: "string",
      default: "localhost",
      origin: "fluent-bit",
      doc: "What the agent calls itself in the handshake.",
    },
    "security.users": {
      type: "texts",
      default: "",
      origin: "fluent-bit",
      doc: "`USER PASSWORD`: somebody who may send, together with the shared key; may be repeated.",
    },
    "storage.total_limit_size": {
      type: "size",
      default: "256M",
      min: "16M",
      max: "1000G",
      origin: "fluent-bit",
      doc: "How much of the state folder records may take until they are shipped; then senders are held back, and nothing is dropped.",
    },
  },
  ignored: {
    alias: ONLY_OUTPUTS_HAVE_NAMES,
    buffer_chunk_size: "a connection holds 32 KB, more only for a large message",
    workers: NO_WORKERS,
    "thread.*": NO_WORKERS,
    threaded: NO_WORKERS,
    "net.*": "connections are kept open and watched with the system's defaults",
    log_level: ONE_LOG_LEVEL,
    mem_buf_limit: "records are written to files before they are acknowledged",
    "storage.type": "records are written to files before they are acknowledged",
    "storage.pause_on_chunks_overlimit": "senders are held back when storage.total_limit_size is reached",
  },
  later: { tls: NO_TLS, "tls.*": NO_TLS, processors: "use filters", routes: "use match" },
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/inputs/forward. */
export const FORWARD: Plugin<ForwardConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "input forward", section, reading.found);
    return {
      plugin: "forward",
      tag: settings.tag_prefix === null ? settings.tag : null,
      tagPrefix: settings.tag_prefix,
      listen: settings.listen,
      port: settings.port,
      unixPath: settings.unix_path === null ? null : path.resolve(settings.unix_path),
      unixPerm: readPermissions(section, settings.unix_perm, reading),
      bufferMaxBytes: settings.buffer_max_size,
      maxConnections: settings.max_connections,
      security: readSecurity(section, settings, reading),
      spoolBytesMax: settings["storage.total_limit_size"],
    };
  },
  render: (forward) => ({
    tag: forward.tag,
    tag_prefix: forward.tagPrefix,
    listen: forward.listen,
    port: String(forward.port),
    unix_path: forward.unixPath,
    unix_perm: forward.unixPerm === null ? null : forward.unixPerm.toString(8).padStart(4, "0"),
    buffer_max_size: formatSize(forward.bufferMaxBytes),
    max_connections: String(forward.maxConnections),
    shared_key: forward.security === null || forward.security.sharedKey === "" ? null : forward.security.sharedKey,
    empty_shared_key: forward.security?.sharedKey === "" ? onOff(true) : null,
    self_hostname: forward.security?.selfHostname ?? null,
    "security.users": usersOf(forward),
    "storage.total_limit_size": formatSize(forward.spoolBytesMax),
  }),
  secrets: ["shared_key", "security.users"],
};

function usersOf({ security }: ForwardConfig): readonly string[] | null {
  if (security === null || security.users.length === 0) return null;
  return security.users.map(({ name, password }) => `${quoteWord(name)} ${quoteWord(password)}`);
}

function readPermissions(section: RawSection, text: string | null, { found }: Reading): number | null {
  if (text === null) return null;
  if (/^[0-7]{1,4}$/.test(text)) return Number.parseInt(text, 8);
  refuseOption(section, "unix_perm", "write up to four octal digits, such as 0660", found);
  return null;
}

interface SecuritySettings {
  readonly shared_key: string | null;
  readonly empty_shared_key: boolean;
  readonly self_hostname: string;
  readonly "security.users": readonly string[];
}

function readSecurity(section: RawSection, settings: SecuritySettings, { found }: Reading): ForwardConfig["security"] {
  const users = settings["security.users"].map((text) => {
    const [name, password, ...more] = splitQuoted(text);
    if (name === undefined || password === undefined || more.length > 0)
      refuseOption(section, "security.users", "write USER PASSWORD", found);
    return { name: name ?? "", password: password ?? "" };
  });
  const sharedKey = settings.shared_key ?? (settings.empty_shared_key ? "" : null);
  if (sharedKey !== null) return { sharedKey, selfHostname: settings.self_hostname, users };
  if (users.length > 0) refuseOption(section, "security.users", "needs shared_key, or empty_shared_key: on", found);
  return null;
}
