import type { FileRecord } from "../../agent/input/tail/file-store.ts";
import type { Chain, FollowedFile } from "../../agent/input/tail/followed-file.ts";
import type { Origin } from "../../agent/record.ts";
import type { Cursor } from "../../agent/state/positions.ts";
import { originOfFile, T0_MS } from "./fixture.ts";

interface FileSpec extends Partial<FollowedFile> {
  readonly givenUp?: FileRecord["givenUp"];
  readonly origin?: Partial<Origin>;
}

/** A chain whose files are called `<id>0`, `<id>1` … and last grew a minute ago. */
export function chainOf(id: string, files: readonly FileSpec[], changes: Partial<Chain> = {}): Chain {
  const followed = files.map(({ givenUp, origin, ...rest }, index): FollowedFile => {
    const name = `${id}${index}`;
    const place = { id: name, chain: id, order: index + 1, startAt: 0, path: `/${id}`, chainPath: `/${id}` };
    const identity = { inode: index, bornMs: 0, head: { length: 0, crc: 0 }, linked: true } as const;
    const record = { version: 1, framing: "cri", ...place, ...identity, origin: originOfFile(name, origin) } as const;
    const state = {
      descriptor: null,
      device: 1,
      size: 0,
      grewAtMs: T0_MS - 60_000,
      nlink: null,
      absentSinceMs: null,
      unrecorded: false,
      awaitsPodSinceMs: null,
      gone: false,
      passed: false,
      frozen: false,
      lossCounted: false,
    };
    return { record: givenUp === undefined ? record : { ...record, givenUp }, ...state, ...rest };
  });
  const state = {
    attempt: null,
    broken: false,
    superseded: false,
    plainPath: false,
    aloneAtMs: -Infinity,
    pollAtMs: 0,
  };
  return { id, path: `/${id}`, files: followed, ...state, ...changes };
}

export function cursorAt(file: string, offset: number, open: Cursor["open"] = []): Cursor {
  return { file, offset, check: 0, open };
}
