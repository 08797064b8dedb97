import { join } from "node:path";
import type { AgentConfig, TailConfig } from "../config/config.ts";
import { tickOf } from "./follow.ts";
import { FileStore, type FileRecord } from "./input/tail/file-store.ts";
import { globMatcher } from "./input/tail/glob.ts";
import { Tail } from "./input/tail/tail.ts";
import type { TailOptions } from "./input/tail/tail-state.ts";
import { describeFile } from "./origin.ts";
import type { Probe } from "./probe.ts";
import type { Ledger } from "./telemetry/ledger.ts";
import type { Logger } from "./telemetry/log.ts";

/** Opens the tail inputs of a configuration, each with the files it followed in an earlier life. */
export async function openTails(
  config: AgentConfig,
  { ledger, log, probe }: { readonly ledger: Ledger; readonly log: Logger; readonly probe: Probe },
): Promise<Tail[]> {
  const { service, inputs, filters } = config;
  const { store, records, tombstones } = await FileStore.open(join(service.storagePath, "files"), Date.now(), probe);
  const tails: Tail[] = [];
  let unclaimed = records;
  for (const input of inputs) {
    const isOwn = ownerOf(input);
    const describe: TailOptions["describe"] = (file) => describeFile(file, input.tag, { filters, service, log });
    const tail = new Tail({ config: input, store, log, ledger, pollMs: tickOf(config), describe }, tombstones);
    await tail.restore(unclaimed.filter(isOwn));
    unclaimed = unclaimed.filter((record) => !isOwn(record));
    tails.push(tail);
  }
  for (const record of unclaimed)
    log.warn({ path: record.path, file: record.id }, "no input names this followed file any more; it is kept as it is");
  return tails;
}

function ownerOf(input: TailConfig): (record: FileRecord) => boolean {
  const matches = globMatcher(input.path);
  return (record) => matches(record.origin.path);
}
