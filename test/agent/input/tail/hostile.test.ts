import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { originOfDockerLog } from "../../../../agent/docker-origin.ts";
import { createDiscovery } from "../../../../agent/input/tail/discover.ts";
import { faultyFiles } from "../../../helpers/faulty-files.ts";
import { openBed, tailConfig } from "../../bed.ts";
import { append, cri, recordingLogger, T0_MS, tempFolder } from "../../fixture.ts";

test("a folder that is replaced by a link between the look and the opening ships nothing of where the link leads", async () => {
  using outside = tempFolder();
  await using bed = await openBed({ path: [join("/", "nowhere")] });
  const logs = join(bed.logs, "pod");
  mkdirSync(logs);
  append(join(logs, "x.log"), cri("stdout", "F", "mine"));
  writeFileSync(join(outside.path, "x.log"), cri("stdout", "F", "a secret"));
  await using swapped = await openBed({ folder: bed.folder, path: [join(bed.logs, "*/x.log")] });
  using files = await faultyFiles();
  const swap = files.before({ op: "open", path: /pod\/x\.log$/, times: 1 }, () => {
    renameSync(logs, `${logs}-away`);
    symlinkSync(outside.path, logs);
  });
  await swapped.run(T0_MS);
  expect(swap.hits).toBe(1);
  expect(swapped.logsShipped()).not.toContain("a secret");
  expect(JSON.stringify(swapped.lines)).toContain("replaced by a link to another place while it was opened");
  // Seen as a link from the start it is refused too; the folder under its other name is a log as any other.
  await swapped.run(T0_MS + 2000);
  expect(swapped.logsShipped()).toEqual(["mine"]);
});

test("a rotated name that is a link to another file is not shipped", async () => {
  using outside = tempFolder();
  await using bed = await openBed();
  writeFileSync(join(outside.path, "secret"), cri("stdout", "F", "a secret"));
  writeFileSync(join(outside.path, "secret.gz"), gzipSync(cri("stdout", "F", "another secret")));
  symlinkSync(join(outside.path, "secret"), join(bed.logs, "a.log.1"));
  symlinkSync(join(outside.path, "secret.gz"), join(bed.logs, "a.log.2.gz"));
  append(join(bed.logs, "a.log"), cri("stdout", "F", "mine"));
  for (let look = 0; look < 3; look++) await bed.run(T0_MS + look * 2000);
  expect(bed.logsShipped()).toEqual(["mine"]);
});

test("links lead to a folder pods only from one that is called containers beside it", async () => {
  using folder = tempFolder();
  for (const name of ["pods/volumes", "containers", "logs"]) mkdirSync(join(folder.path, name), { recursive: true });
  writeFileSync(join(folder.path, "pods/volumes/token"), "");
  for (const name of ["containers", "logs"])
    symlinkSync(join(folder.path, "pods/volumes/token"), join(folder.path, name, "a.log"));
  const reports: string[] = [];
  const found = async (name: string) => {
    const look = createDiscovery(tailConfig(join(folder.path, name, "*.log")), (_, reason) => reports.push(reason));
    return (await look(() => false)).targets.length;
  };
  expect([await found("containers"), await found("logs")]).toEqual([1, 0]);
  expect(reports).toEqual([expect.stringContaining("outside of")]);
});

const ID = "0123456789abcdef".repeat(4);

test.each([
  ["a FIFO, which nobody writes to", (path: string) => execFileSync("mkfifo", [path]), "no regular file"],
  ["a link to another file", (path: string) => symlinkSync("/etc/hostname", path), "ELOOP"],
  ["a device", (path: string) => symlinkSync("/dev/zero", path), "ELOOP"],
  ["very large", (path: string) => writeFileSync(path, Buffer.alloc(2 << 20)), "larger than"],
  ["no JSON", (path: string) => writeFileSync(path, "root:$6$salt"), "it is not JSON"],
])(
  "what lies beside a log as Docker's description and is %s holds up nothing, and is not repeated",
  (_, make, said) => {
    using folder = tempFolder();
    mkdirSync(join(folder.path, ID));
    make(join(folder.path, ID, "config.v2.json"));
    const { log, lines } = recordingLogger();
    const origin = originOfDockerLog(join(folder.path, ID, `${ID}-json.log`), log);
    expect(origin).toMatchObject({ containerId: ID, image: null, labels: {} });
    expect(lines).toHaveLength(1);
    const { message } = lines[0]!.fields["err"] as Error;
    expect(message).toContain(said);
    expect(message).not.toContain("root");
  },
);

const BOMB_BYTES = 64 << 20;

test("a rotated file that inflates a thousandfold is shipped in pieces of bounded size, and counted to the byte", async () => {
  const pieceBytes = 8 << 20;
  await using bed = await openBed({ bytesMax: pieceBytes });
  const line = `${"\0".repeat(65_535)}\n`;
  const bomb = gzipSync(line.repeat(BOMB_BYTES / line.length));
  expect(BOMB_BYTES / bomb.length).toBeGreaterThan(900);
  writeFileSync(join(bed.logs, "0.log.20261121-044753.gz"), bomb);
  append(join(bed.logs, "0.log"), cri("stdout", "F", "after it"));
  // It is read once, to learn how much it is, before it is shipped.
  await bed.tail.discover(T0_MS);
  await bed.tail.poll(T0_MS, true);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  let shipments = 0;
  await bed.tail.discover(T0_MS + 2000);
  await bed.tail.poll(T0_MS + 2000, true);
  for (let more = true; more; shipments++) {
    ({ more } = await bed.shipper.ship(T0_MS + 2000, new AbortController().signal));
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    // The fake output keeps what it was given; nobody else may.
    for (const record of bed.output.published) Object.assign(record, { log: record.log.slice(0, 10) });
  }
  expect(shipments).toBeGreaterThanOrEqual(BOMB_BYTES / pieceBytes);
  for (let look = 2; look < 12; look++) await bed.run(T0_MS + look * 2000);
  const [account] = bed.ledger.accounts();
  expect(account?.total).toMatchObject({ quarantined: 0, lost: 0, pending: 0 });
  expect(account?.total.delivered).toBe(BOMB_BYTES + cri("stdout", "F", "after it").length);
  expect(bed.output.published.at(-1)?.log).toBe("after it");
  expect(most).toBeLessThan(BOMB_BYTES / 2);
});
