import { once } from "node:events";

import type { ForwardConfig } from "../../../config/input/forward.ts";
import { spoolId } from "../spool/open-spools.ts";
import type { NamedSpooledInput } from "../spool/spooled-input.ts";
import { createEcsTaskReader } from "./ecs-task.ts";
import { listen } from "./listener.ts";
import { createStore } from "./store.ts";

/** The input `forward`: its spool is known by where it listens. With `once` nobody is waited for. */
export function createForwardInput(config: ForwardConfig, env = process.env): NamedSpooledInput {
  const { unixPath, listen: host, port, spoolBytesMax } = config;
  return {
    id: spoolId("forward", unixPath ?? `${host}:${port}`),
    bytesMax: spoolBytesMax,
    input: {
      run: async (spool, { once: isOnce, signal, log }) => {
        if (isOnce || signal.aborted) return;
        const ecs = createEcsTaskReader({ env, log });
        const listener = await listen(config, { openStore: createStore(config, { spool, ecs, signal }), log });
        log.info({ input: "forward", place: unixPath ?? `${host}:${listener.port}` }, "senders may connect");
        if (!signal.aborted) await once(signal, "abort");
        await listener.close();
      },
    },
  };
}
