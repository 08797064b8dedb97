/*
 * Our S3 server in a process of its own, with the files below a folder as the objects of the bucket `logs`:
 *
 *   node bench/query/s3-process.ts FOLDER
 *
 * Prints its endpoint once all are there; ends by SIGTERM.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { startS3Server } from "../../test/servers/s3-server.ts";

const [folder = "."] = process.argv.slice(2);
const server = await startS3Server();
for (const key of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
  const path = join(folder, key);
  if (!statSync(path).isFile()) continue;
  server.bucket("logs").put(key, readFileSync(path), {}, { ifFree: false, ifMatch: null });
}
process.stdout.write(`${server.endpoint}\n`);
process.on("SIGTERM", () => void server[Symbol.asyncDispose]());
