import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, mkdirSync, rmSync, statSync, writeFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import packageJson from "../../package.json" with { type: "json" };
import type { ImageConfig } from "./image-config.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
/** As it is called by Go's GOARCH. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/**
 * Writes the image of one layer as an archive: an OCI layout (image-spec, image-layout.md), for skopeo, crane and `ctr images import`, with
 * the manifest.json that `docker load` reads. The same files give the same bytes. Returns the bytes of the packed layer, which is what
 * a node pulls.
 */
export async function writeArchive(
  root: string,
  archive: string,
  program: string,
  config: ImageConfig,
): Promise<number> {
  const folder = `${archive}.d`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
  const layer = await packLayer(root, folder);
  const image = {
    created: new Date(0).toISOString(),
    architecture: ARCHITECTURES[process.arch],
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: [layer.diffId] },
  };
  const configBlob = writeBlob(folder, CONFIG, image);
  const manifest = writeBlob(folder, MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: configBlob,
    layers: [layer.descriptor],
  });
  const name = `${program}:${packageJson.version}`;
  const annotations = { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": packageJson.version };
  writeJson(folder, "oci-layout", { imageLayoutVersion: "1.0.0" });
  writeJson(folder, "index.json", { schemaVersion: 2, manifests: [{ ...manifest, annotations }] });
  writeJson(folder, "manifest.json", [
    { Config: blobPath(configBlob.digest), RepoTags: [name], Layers: [blobPath(layer.descriptor.digest)] },
  ]);
  mkdirSync(dirname(archive), { recursive: true });
  // By name: readers look for manifest.json, not for ./manifest.json.
  execFileSync("tar", [
    "-C",
    folder,
    ...SAME_BYTES,
    "-cf",
    archive,
    "blobs",
    "index.json",
    "manifest.json",
    "oci-layout",
  ]);
  rmSync(folder, { recursive: true });
  return layer.descriptor.size;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Of whoever made it and when, nothing. */
const SAME_BYTES = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];

async function packLayer(root: string, folder: string): Promise<{ diffId: string; descriptor: Descriptor }> {
  const tar = spawn("tar", ["-C", root, ...SAME_BYTES, "-c", "."], { stdio: ["ignore", "pipe", "inherit"] });
  const [unpacked, packed] = [createHash("sha256"), createHash("sha256")];
  const path = join(folder, "layer");
  const ended = once(tar, "close");
  await pipeline(tar.stdout, hashing(unpacked), createGzip({ level: 9 }), hashing(packed), createWriteStream(path));
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`cannot pack ${root}: tar ended with ${code}`);
  const digest = `sha256:${packed.digest("hex")}`;
  renameSync(path, join(folder, blobPath(digest)));
  const { size } = statSync(join(folder, blobPath(digest)));
  return { diffId: `sha256:${unpacked.digest("hex")}`, descriptor: { mediaType: LAYER, digest, size } };
}

function hashing(hash: ReturnType<typeof createHash>) {
  return async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
}

function writeBlob(folder: string, mediaType: string, value: object): Descriptor {
  const text = JSON.stringify(value);
  const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  writeFileSync(join(folder, blobPath(digest)), text);
  return { mediaType, digest, size: text.length };
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function writeJson(folder: string, name: string, value: object): void {
  writeFileSync(join(folder, name), JSON.stringify(value));
}
