import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ddl } from "../../query/catalog/ddl.ts";
import { startS3Server } from "../servers/s3-server.ts";
import { corpusDay, makeCorpus, objectsOf } from "./corpus.ts";
import { installed } from "./install.ts";
import { trinoQuery } from "./trino-client.ts";
import { startTrino } from "./trino-server.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const BUCKET = "logs";

/** What the tests ask: one corpus, behind DuckDB as a folder and behind Trino as a table over S3. */
export interface Bed {
  /** The folder of the store. */
  readonly store: string;
  readonly trino: string;
  readonly s3: string;
  /** The first day of the corpus. */
  readonly day: string;
  readonly table: { readonly catalog: string; readonly database: string; readonly table: string };
  readonly python: string;
}

/** Installs Trino, lets the agent write the corpus, and starts an S3 server and Trino on it. */
export async function startBed(): Promise<Bed & AsyncDisposable> {
  const tools = installed(ROOT);
  const stack = new AsyncDisposableStack();
  try {
    // Inside the project, so that logs and state share a file system.
    const folder = mkdtempSync(join(ROOT, ".logq-test-"));
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const [store, day] = [join(folder, "store"), corpusDay(Date.now())];
    makeCorpus(folder, store, day);
    const s3 = stack.use(await startS3Server({ takesChunks: true, buckets: [BUCKET] }));
    for (const [key, body] of objectsOf(store))
      s3.bucket(BUCKET).put(`store/${key}`, body, {}, { ifFree: true, ifMatch: null });
    const table = { catalog: "awsdatacatalog", database: "logq", table: "logs" };
    const { url } = stack.use(
      await startTrino(tools, { catalog: table.catalog, s3Endpoint: s3.endpoint, bucket: BUCKET }),
    );
    await trinoQuery(url, `CREATE SCHEMA ${table.catalog}.${table.database}`);
    await trinoQuery(url, ddl("trino", { ...table, location: `s3://${BUCKET}/store`, days: 400 }));
    const owned = stack.move();
    const dispose = async (): Promise<void> => await owned.disposeAsync();
    return { store, trino: url, s3: s3.endpoint, day, table, python: tools.python, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
