import type { Output } from "./output.ts";

/** Counts and drops: to measure the inputs alone. */
export function createNullOutput(id: string, recorded: unknown): Output {
  return {
    id,
    recorded,
    begin: () => {
      let records = 0;
      return {
        accept: (batch) => {
          records += batch.count;
          return Promise.resolve(true);
        },
        seal: () => Promise.resolve({ keys: [], records, bytes: 0 }),
        publish: () => Promise.resolve(),
        abandon: () => Promise.resolve(),
      };
    },
    isDelivered: () => Promise.resolve(true),
    forbid: () => Promise.resolve(false),
    clean: () => Promise.resolve(),
  };
}
