import dns, { type LookupAddress, type LookupOptions } from "node:dns";
import type { LookupFunction } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How a name is asked for; tests bring ways of their own. */
export interface Resolvers {
  /** By the system: hosts file, search domains. Waits in a thread, one for all names (half of libuv's two). */
  readonly system: (name: string, options: LookupOptions) => Promise<LookupAddress[]>;
  /** At the name servers, for the name as it is, without a thread. */
  readonly direct: (name: string) => Promise<LookupAddress[]>;
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<unknown>;
}

/** Who has no answer for so long takes what else is known. */
const SLOW_MS = 1000;
/** The system's questions end by themselves, these must be told to. */
const DIRECT = { timeout: 2000, tries: 2 } as const;

/**
 * Looks names up for connections, as `dns.lookup` does, but so that a name which is never answered holds up no other one.
 * A name is asked for once at a time, however many connections and tries wait for it: else unanswered questions pile up
 * in front of the others'. Without an answer for SLOW_MS the last one serves, or that of the name servers asked directly,
 * since the system's question may stand behind another name's.
 */
export function createLookup(resolvers: Resolvers = REAL): LookupFunction {
  const asked = new Map<string, Promise<LookupAddress[]>>();
  const known = new Map<string, LookupAddress[]>();

  async function ask(key: string, name: string, options: LookupOptions): Promise<LookupAddress[]> {
    try {
      const found = await resolvers.system(name, options);
      known.set(key, found);
      return found;
    } catch (error) {
      const last = known.get(key);
      // No name server answered, which says nothing of the name.
      if ((error as NodeJS.ErrnoException).code === "EAI_AGAIN" && last !== undefined) return last;
      throw error;
    } finally {
      asked.delete(key);
    }
  }

  async function find(name: string, options: LookupOptions): Promise<LookupAddress[]> {
    const key = `${name} ${options.family ?? 0}`;
    const answer = asked.get(key) ?? ask(key, name, options);
    asked.set(key, answer);
    const answered = new AbortController();
    const otherwise = async (): Promise<LookupAddress[]> => {
      await resolvers.wait(SLOW_MS, answered.signal);
      return known.get(key) ?? (await resolvers.direct(name));
    };
    try {
      // Whoever asked directly in vain waits on.
      return await Promise.race([answer, otherwise().catch(async () => await answer)]);
    } finally {
      answered.abort();
    }
  }

  return (name, options, callback) => {
    find(name, options).then(
      (found) => {
        if (options.all === true) callback(null, found);
        else callback(null, found[0]!.address, found[0]!.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ""),
    );
  };
}

const REAL: Resolvers = {
  system: async (name, options) =>
    await new Promise((resolve, reject) => {
      dns.lookup(name, { ...options, all: true }, (error, found) => (error === null ? resolve(found) : reject(error)));
    }),
  direct: async (name) => {
    const resolver = new dns.promises.Resolver(DIRECT);
    const [four, six] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const addresses = [four, six].flatMap((answer, index) =>
      answer.status === "rejected" ? [] : answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 })),
    );
    if (addresses.length === 0) throw (four as PromiseRejectedResult).reason;
    return addresses;
  },
  wait: async (delayMs, signal) => await sleep(delayMs, undefined, { signal, ref: false }),
};
