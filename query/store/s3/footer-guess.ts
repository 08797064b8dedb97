/** How many bytes at the end of an object to ask for, so that its footer is among them, and little else. */
export interface FooterGuess {
  /** For an object of so many bytes. */
  bytes(objectBytes: number): number;
  /** What was found out: an object's size, and that of its footer, length and magic included. */
  learn(objectBytes: number, footerBytes: number): void;
}

/**
 * The agent's footers: some for the schema and one row group, then one per MB or less. A store's objects are much alike:
 * what was seen of objects of about a size holds for the next, with a little room.
 */
const BASE_BYTES = 2560;
const BYTES_PER_BYTE = 1 / 250;
const ROOM = 1.04;
/** Sizes within a factor of the fourth root of 2 are of one class. */
const CLASSES_PER_DOUBLING = 4;

export function createFooterGuess(): FooterGuess {
  const longest = new Map<number, number>();
  return {
    bytes(objectBytes) {
      const seen = longest.get(classOf(objectBytes));
      const guess = seen === undefined ? BASE_BYTES + objectBytes * BYTES_PER_BYTE : seen * ROOM;
      return Math.min(objectBytes, Math.ceil(guess));
    },
    learn(objectBytes, footerBytes) {
      const key = classOf(objectBytes);
      longest.set(key, Math.max(longest.get(key) ?? 0, footerBytes));
    },
  };
}

function classOf(bytes: number): number {
  return Math.floor(Math.log2(Math.max(1, bytes)) * CLASSES_PER_DOUBLING);
}
