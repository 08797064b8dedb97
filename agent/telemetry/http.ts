import type { HttpConfig } from "../../config/service.ts";
import type { Logger } from "./log.ts";
import type { HttpServer, RequestReload } from "./server.ts";
import type { Telemetry } from "./telemetry.ts";

/** Health and metrics over HTTP, while the configuration says so. */
export interface Http extends AsyncDisposable {
  /** Serves on this address from now on, and on no other; null: on none. */
  configure(config: HttpConfig | null): Promise<void>;
}

/** Node's HTTP module is loaded only when something is served: it costs memory. */
export function createHttp(telemetry: Telemetry, log: Logger, reload: RequestReload): Http {
  let served: HttpConfig | null = null;
  let server: HttpServer | null = null;
  const end = async (): Promise<void> => {
    await server?.[Symbol.asyncDispose]();
    server = null;
    served = null;
  };
  return {
    configure: async (config) => {
      if (config?.listen === served?.listen && config?.port === served?.port) return;
      await end();
      if (config === null) return;
      const { startHttpServer } = await import("./server.ts");
      server = await startHttpServer(config, { telemetry, log, reload });
      served = config;
    },
    [Symbol.asyncDispose]: end,
  };
}
