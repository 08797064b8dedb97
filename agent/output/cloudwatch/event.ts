import { ESCAPE_BYTES_MAX, writeEscaped } from "../../encode/json-line.ts";
import { measureTwice, MOST, writeTwice, type Sizes } from "./escape-twice.ts";

/** What an event says: bytes of its own, and what stands around them. */
export interface Message {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** Those bytes stand in a JSON string of the message, not in the message as they are. */
  readonly isInString: boolean;
  /** Before and after them, as it stands in the body, and what both come to in the message. */
  readonly head: Buffer;
  readonly tail: Buffer;
  readonly aroundBytes: number;
}

/** Bytes of a message as the service counts them, or somewhat more than that. */
export function messageBytesMax({ start, end, isInString, aroundBytes }: Message): number {
  return aroundBytes + (end - start) * (isInString ? MOST.once : 1);
}

/** Bytes of a message as the service counts them. */
export function messageBytes({ bytes, start, end, isInString, aroundBytes }: Message): number {
  if (!isInString) return aroundBytes + end - start;
  measureTwice(bytes, start, end, sizes);
  return aroundBytes + sizes.once;
}

/** What `writeEvent` needs room for. */
export function eventTextBytesMax(message: Message): number {
  const { bytes, start, end, isInString, head, tail } = message;
  const around = EVENT_HEAD_BYTES_MAX + head.length + tail.length + EVENT_TAIL_BYTES;
  if (!isInString) return around + (end - start) * ESCAPE_BYTES_MAX;
  if (end - start <= UNMEASURED_BYTES_MAX) return around + (end - start) * MOST.twice;
  measureTwice(bytes, start, end, sizes);
  return around + sizes.twice;
}

interface Written {
  /** Behind the event's comma. */
  end: number;
  /** As the service counts them. */
  messageBytes: number;
}

/** Writes an event of PutLogEvents, with a comma behind it. What it returns is valid until the next call. */
export function writeEvent(target: Buffer, at: number, message: Message, ms: number): Readonly<Written> {
  const { bytes, start, end, head, tail } = message;
  let place = writeEventHead(target, at, ms);
  place += head.copy(target, place);
  if (message.isInString) {
    writeTwice(target, place, bytes, start, end, sizes);
    place += sizes.twice;
  } else {
    sizes.once = end - start;
    place = writeEscaped(target, place, bytes, start, end);
  }
  place += tail.copy(target, place);
  target[place] = 0x22; // "
  target[place + 1] = 0x7d; // }
  target[place + 2] = 0x2c; // ,
  written.end = place + EVENT_TAIL_BYTES;
  written.messageBytes = message.aroundBytes + sizes.once;
  return written;
}

/** Of messages up to here it is assumed that each byte becomes as many as it can: a body has chunks enough for that. */
const UNMEASURED_BYTES_MAX = 2048;
const EVENT_HEAD_BYTES_MAX = 64;
const EVENT_TAIL_BYTES = 3;
/** Of the message that was looked at last. */
const sizes: Sizes = { once: 0, twice: 0 };
const written: Written = { end: 0, messageBytes: 0 };

/** `{"timestamp":<milliseconds>,"message":"` of the second that was written last, whose last three digits change. */
let eventHead = Buffer.alloc(0);
let secondOfHead = NaN;
let digitsAt = 0;

function writeEventHead(target: Buffer, at: number, ms: number): number {
  const second = Math.floor(ms / 1000);
  // Before 1970 and in its first second there are fewer digits.
  if (second <= 0) return at + target.write(`{"timestamp":${ms},"message":"`, at, "latin1");
  if (second !== secondOfHead) {
    eventHead = Buffer.from(`{"timestamp":${second}000,"message":"`);
    secondOfHead = second;
    digitsAt = eventHead.indexOf(",") - 3;
  }
  const end = at + eventHead.copy(target, at);
  const digits = ms - second * 1000;
  target[at + digitsAt] = 0x30 + ((digits / 100) | 0);
  target[at + digitsAt + 1] = 0x30 + (((digits / 10) | 0) % 10);
  target[at + digitsAt + 2] = 0x30 + (digits % 10);
  return end;
}
