/** For each item a function that opens it: whoever opens one begins with those behind it, too, so that nobody waits for each in turn. */
export function openAhead<Item, Opened>(
  items: readonly Item[],
  ahead: number,
  open: (item: Item) => Promise<Opened>,
): (() => Promise<Opened>)[] {
  const begun = new Map<number, Promise<Opened>>();
  const begin = (at: number): Promise<Opened> => {
    const known = begun.get(at);
    if (known !== undefined) return known;
    const opening = open(items[at]!);
    // Told to whoever asks for it; if nobody does any more, to nobody.
    opening.catch(() => {});
    begun.set(at, opening);
    return opening;
  };
  return items.map((_, at) => async () => {
    for (let next = at; next < Math.min(items.length, at + ahead + 1); next++) void begin(next);
    const opened = await begin(at);
    begun.set(at, PASSED);
    return opened;
  });
}

/** In the place of what was given away: it need not be held. */
const PASSED = new Promise<never>(() => {});
