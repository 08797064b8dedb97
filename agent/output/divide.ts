import { Fault } from "./retry.ts";

/** So many records refused one by one, and none taken: it is not the records. */
const WHOLE_AFTER = 8;

/**
 * Sends records `0` to `count` of a request by `send`, which is given a part of them. A part that the service refuses for
 * what it holds is halved, until the records are found that it refuses by themselves: returns them, and what was said of
 * each. Throws what else `send` throws, and an Error if all that was tried is refused: then nothing was taken.
 */
export async function sendDivided(
  count: number,
  send: (from: number, to: number) => Promise<void>,
): Promise<Map<number, Fault>> {
  const refused = new Map<number, Fault>();
  let isAnyTaken = false;
  const attempt = async (from: number, to: number): Promise<void> => {
    const fault = await refusalOf(send(from, to));
    if (fault === null) isAnyTaken = true;
    else if (to - from > 1) {
      const middle = (from + to) >>> 1;
      await attempt(from, middle);
      await attempt(middle, to);
    } else {
      refused.set(from, fault);
      if (!isAnyTaken && refused.size === WHOLE_AFTER && count > WHOLE_AFTER)
        throw new Error(`${fault.message}; so is every other record of the request`, { cause: fault });
    }
  };
  await attempt(0, count);
  return refused;
}

async function refusalOf(sent: Promise<void>): Promise<Fault | null> {
  try {
    await sent;
    return null;
  } catch (error) {
    if (error instanceof Fault && error.kind === "content") return error;
    throw error;
  }
}
