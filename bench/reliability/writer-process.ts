import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Written, WriterSpec } from "./writer.ts";

/** Starts writer.ts in a process of its own. */
export function startWriter(spec: WriterSpec): ChildProcess {
  return fork(new URL("writer.ts", import.meta.url).pathname, [JSON.stringify(spec)]);
}

/** Has the writer complete its last records; resolves to what it wrote. Throws if it has died. */
export async function endWriter(writer: ChildProcess): Promise<Written> {
  const reported = once(writer, "message");
  const died = once(writer, "exit").then(([code]) => {
    throw new Error(`cannot write the logs: the writer exited ${String(code)}`);
  });
  died.catch(() => undefined);
  writer.send("stop");
  const [written] = (await Promise.race([reported, died])) as [Written];
  return written;
}
