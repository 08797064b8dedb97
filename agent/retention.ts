import { chooseGivenUp, defaultLimitBytes, spaceOf, type HeldFile, type Space } from "./input/tail/held-space.ts";
import type { FileUse } from "./input/tail/release.ts";
import type { Tail } from "./input/tail/tail.ts";
import type { Logger } from "./telemetry/log.ts";

/** Bounds what the agent alone keeps on the disk: the kubelet charges that to nobody. */
export interface Retention {
  /** Disk space of files that only the agent holds, at the last look. */
  readonly heldBytes: number;
  /**
   * Marks the oldest of them as given up while they exceed the limit or the disk is nearly full; the next release counts
   * their rest as lost. Chains that are in flight keep theirs.
   */
  giveUp(use: Pick<FileUse, "isDone" | "isInFlight">): Promise<void>;
}

interface RetentionOptions {
  /** The state folder. */
  readonly directory: string;
  /** Null: the default. */
  readonly limitBytes: number | null;
  readonly log: Logger;
}

export function createRetention(tails: readonly Tail[], options: RetentionOptions): Retention {
  const { directory, limitBytes, log } = options;
  let heldBytes = 0;
  return {
    get heldBytes() {
      return heldBytes;
    },
    giveUp: async (use) => {
      const held = (await Promise.all(tails.map(async (tail) => await tail.held()))).flat();
      heldBytes = held.reduce((sum, { bytes }) => sum + bytes, 0);
      if (held.length === 0) return;
      try {
        const limit = limitBytes ?? defaultLimitBytes(await spaceOf(directory));
        const spaces = await spacesOf(held, tails);
        // From here on without a pause: no shipment may begin between the choice and the mark.
        for (const { held: lost, reason } of chooseGivenUp(held, limit, spaces, use)) {
          const { file } = lost;
          file.size = Math.max(lost.size, file.size);
          file.record = { ...file.record, givenUp: { reason, size: file.size } };
        }
      } catch (error) {
        log.error({ err: error }, "cannot look at the free disk space; links are kept");
      }
    },
  };
}

/** The file systems that the held files are on, by device. */
async function spacesOf(held: readonly HeldFile[], tails: readonly Tail[]): Promise<Map<number, Space>> {
  const spaces = new Map<number, Space>();
  for (const { file } of held) {
    if (spaces.has(file.device)) continue;
    const tail = tails.find((candidate) => candidate.files.has(file.record.id));
    if (tail !== undefined) spaces.set(file.device, await spaceOf(tail.pathOf(file)));
  }
  return spaces;
}
