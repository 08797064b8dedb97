import { setTimeout as sleep } from "node:timers/promises";
import { backOff, type ApiClient } from "./api-client.ts";
import { ItemSplitter } from "./item-splitter.ts";
import type { ObjectSink } from "./watch.ts";

/** The kubelet is asked again after this long, so that changed labels are seen … */
const POLL_MS = 300_000;
/** … and so soon when a pod is not known. */
const UNKNOWN_MS = 1000;
const IDLE_MS = 30_000;

export interface PollOptions {
  readonly client: ApiClient;
  readonly sink: ObjectSink;
  /** Resolves when a pod is not known. */
  readonly asked: () => Promise<void>;
  readonly onState: (error: Error | null) => void;
}

/** Asks the kubelet for its pods, which it can't watch: now and then, and when one is not known. Ends with the signal. */
export async function pollKubelet({ client, sink, asked, onState }: PollOptions, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      sink.beginList();
      const items = new ItemSplitter((json) => sink.put(JSON.parse(json)));
      for await (const chunk of client.get("/pods", IDLE_MS, signal)) items.push(chunk);
      items.metadata();
      sink.endList();
      failures = 0;
      onState(null);
      await sleep(UNKNOWN_MS, undefined, { signal, ref: false });
      await Promise.race([asked(), sleep(POLL_MS, undefined, { signal, ref: false })]);
    } catch (error) {
      if (signal.aborted) return;
      onState(error as Error);
      await backOff(failures++, error, signal).catch(() => undefined);
    }
  }
}
