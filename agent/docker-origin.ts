import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { originOfContainer, type ContainerOrigin } from "./container-origin.ts";
import { isObject } from "./log-record.ts";
import type { Logger } from "./telemetry/log.ts";

/** `<id>/<id>-json.log` and its rotated forms, as Docker's json-file driver names its logs. */
const LOG_NAME = /^(?<id>[0-9a-f]{64})-json\.log(?:\.\d+(?:\.gz)?)?$/;
const DESCRIPTION = "config.v2.json";
/** One of a container with many variables and mounts has some 30 KB. */
const DESCRIPTION_BYTES_MAX = 1 << 20;

/**
 * The columns of a container's log by what Docker keeps beside it in `config.v2.json`: name, image, labels (moby:
 * container/container.go). Null if the file is no such log. What can't be read is said; the container is its id then.
 */
export function originOfDockerLog(resolved: string, log: Logger): ContainerOrigin | null {
  const id = LOG_NAME.exec(basename(resolved))?.groups!["id"];
  if (id === undefined || basename(dirname(resolved)) !== id) return null;
  return originOfContainer({ id, ...readDescription(join(dirname(resolved), DESCRIPTION), log) });
}

interface Description {
  readonly name: string | null;
  readonly image: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

function readDescription(path: string, log: Logger): Description {
  try {
    const said = parse(readRegular(path));
    const config = isObject(said) && isObject(said["Config"]) ? said["Config"] : {};
    const labels = isObject(config["Labels"]) ? Object.entries(config["Labels"]) : [];
    return {
      name: textOf(isObject(said) ? said["Name"] : null),
      image: textOf(config["Image"]),
      labels: Object.fromEntries(labels.filter((label): label is [string, string] => typeof label[1] === "string")),
    };
  } catch (err) {
    log.warn({ path, err }, "cannot read what Docker says of a container; its log is shipped with its id");
    return { name: null, image: null, labels: {} };
  }
}

/** Beside a log that is not Docker's, something else may have been put there under this name. */
function readRegular(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) throw new Error("it is no regular file");
    if (status.size > DESCRIPTION_BYTES_MAX) throw new Error(`it is larger than ${DESCRIPTION_BYTES_MAX} bytes`);
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

/** The parser's own words repeat what stands there. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
