/** Bytes of a segment; a longer line gets one of its own. */
const SEGMENT_BYTES = 4 * 1024 * 1024;
const NEWLINE = 10;
const BRACE = 123;

/**
 * Lines of NDJSON as bytes: large buffers and where each row begins, 12 bytes a row. A row becomes a string when it is
 * looked at, so a million of them cost the page no more than their bytes.
 */
export interface RowStore {
  /** Rows so far. */
  readonly count: number;
  readonly bytes: number;
  /** Takes the next bytes of a response, cut anywhere; calls `onNote` with each line that is no row. */
  append(chunk: Uint8Array, onNote: (line: string) => void): void;
  /** The line of a row, `{…}`. Throws RangeError beyond `count`. */
  line(row: number): string;
}

export function createRowStore(segmentBytes = SEGMENT_BYTES): RowStore {
  const segments: Uint8Array[] = [new Uint8Array(segmentBytes)];
  const decoder = new TextDecoder();
  let index = { segment: new Uint32Array(1024), start: new Uint32Array(1024), end: new Uint32Array(1024) };
  let count = 0;
  let bytes = 0;
  /** The unfinished line: it begins here in the last segment. */
  let start = 0;
  let end = 0;

  function room(needed: number): void {
    const last = segments.at(-1)!;
    if (end + needed <= last.length) return;
    const begun = last.subarray(start, end);
    // Twice what is there, or a line of many megabytes would be copied with each chunk.
    const next = new Uint8Array(Math.max(segmentBytes, 2 * (begun.length + needed)));
    next.set(begun);
    if (start === 0) segments[segments.length - 1] = next;
    else segments.push(next);
    start = 0;
    end = begun.length;
  }

  function put(part: Uint8Array): void {
    room(part.length);
    segments.at(-1)!.set(part, end);
    end += part.length;
  }

  function finish(onNote: (line: string) => void): void {
    const last = segments.at(-1)!;
    if (last[start] !== BRACE) {
      const note = decoder.decode(last.subarray(start, end));
      end = start;
      if (note !== "") onNote(note);
      return;
    }
    if (count === index.start.length) index = doubled(index);
    index.segment[count] = segments.length - 1;
    index.start[count] = start;
    index.end[count] = end;
    count++;
    bytes += end - start;
    start = end;
  }

  return {
    get count() {
      return count;
    },
    get bytes() {
      return bytes;
    },
    append(chunk, onNote) {
      let from = 0;
      for (let newline = chunk.indexOf(NEWLINE); newline >= 0; newline = chunk.indexOf(NEWLINE, from)) {
        put(chunk.subarray(from, newline));
        finish(onNote);
        from = newline + 1;
      }
      if (from < chunk.length) put(chunk.subarray(from));
    },
    line(row) {
      if (row < 0 || row >= count) throw new RangeError(`row ${row} of ${count}`);
      return decoder.decode(segments[index.segment[row]!]!.subarray(index.start[row], index.end[row]));
    },
  };
}

type Index = Record<"segment" | "start" | "end", Uint32Array<ArrayBuffer>>;

function doubled(index: Index): Index {
  return { segment: twice(index.segment), start: twice(index.start), end: twice(index.end) };
}

function twice(from: Uint32Array): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(from.length * 2);
  to.set(from);
  return to;
}
