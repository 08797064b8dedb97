import { EVENTS, type Event } from "./content.ts";
import type { PodSpec } from "./pods.ts";
import { createRandom, HEX, type Random } from "./random.ts";

/** Writes one container's lines in CRI form. Lines are copies of rendered templates whose numbers are patched. */
export interface LineSource {
  /** Room that `write` needs in its buffer. */
  readonly lineBytesMax: number;
  /** Writes the next line with time `seconds` + `nanos` into `out` at `at`; gives the offset behind its newline. */
  write(out: Buffer, at: number, seconds: number, nanos: number): number;
  /** Takes the next sequence number: `seq=<pod>-<n>`, for a line made elsewhere (hard-cases.ts). */
  takeSequence(): string;
  /** `write`s and `takeSequence`s so far: the next line's number. */
  readonly sequence: number;
}

/** Digits of the line number in `seq=<pod>-<n>`. */
const SEQUENCE_DIGITS = 9;
/** Copies of each event with other choices: enough that no compressor sees the same line all the time. */
const VARIANTS = 24;
const TIME_SLOTS = { iso: 24, clf: 26, klog: 20 } as const;
const RANDOM_DIGITS = randomBytes("0123456789", 7919);
const RANDOM_HEX = randomBytes(HEX, 8191);

interface Slot {
  readonly kind: "digits" | "hex" | "seq" | keyof typeof TIME_SLOTS;
  readonly offset: number;
  readonly width: number;
}

interface Line {
  /** With time, stream, tag and newline. */
  readonly bytes: Buffer;
  readonly slots: readonly Slot[];
}

/** Starts a container's lines at number 0. Deterministic: (pod, seed) decide everything but the times. */
export function createLineSource(pod: PodSpec, seed: number): LineSource {
  const random = createRandom(seed ^ Math.imul(pod.index + 1, 0x9e3779b1));
  const deck = buildDeck(EVENTS[pod.content], pod.index, random);
  const lineBytesMax = Math.max(...deck.flat().map((line) => line.bytes.length));
  const clock = createClock();
  let sequence = 0;
  let pending: readonly Line[] = [];
  let pendingAt = 0;
  return {
    lineBytesMax,
    get sequence() {
      return sequence;
    },
    takeSequence: () => `seq=${pod.index}-${String(sequence++).padStart(SEQUENCE_DIGITS, "0")}`,
    write(out, at, seconds, nanos) {
      if (pendingAt === pending.length) {
        pending = deck[random.int(deck.length)]!;
        pendingAt = 0;
      }
      const line = pending[pendingAt++]!;
      clock.set(seconds, nanos);
      out.set(line.bytes, at);
      out.set(clock.rfc3339, at);
      for (const slot of line.slots) patch(out, at + slot.offset, slot, sequence, clock, random);
      sequence++;
      return at + line.bytes.length;
    },
  };
}

/** Every event as often as its weight says, expanded into variants. */
function buildDeck(events: readonly Event[], podIndex: number, random: Random): (readonly Line[])[] {
  return events.flatMap((event) =>
    Array.from({ length: Math.max(1, Math.round((event.weight * VARIANTS) / 8)) }, () =>
      event.lines.map((line) => renderLine(line, event.stream, podIndex, random)),
    ),
  );
}

function renderLine(template: string, stream: string, podIndex: number, random: Random): Line {
  const prefix = `${"0".repeat(30)} ${stream} F `;
  const slots: Slot[] = [];
  const chunks = [Buffer.from(prefix)];
  let offset = prefix.length;
  const push = (text: string): void => {
    const bytes = Buffer.from(text);
    chunks.push(bytes);
    offset += bytes.length;
  };
  for (const part of template.split(/(\{(?:[a-z]+\d*|[^{}":]*\|[^{}":]*)\})/)) {
    const name = part.startsWith("{") && part.endsWith("}") ? part.slice(1, -1) : null;
    if (name === null) push(part);
    else if (name.includes("|")) push(random.pick(name.split("|")));
    else {
      if (name === "seq") push(`seq=${podIndex}-`);
      const slot = slotOf(name, offset);
      slots.push(slot);
      push("0".repeat(slot.width));
    }
  }
  push("\n");
  return { bytes: Buffer.concat(chunks), slots };
}

function slotOf(name: string, offset: number): Slot {
  if (name === "seq") return { kind: "seq", offset, width: SEQUENCE_DIGITS };
  if (name === "iso" || name === "clf" || name === "klog") return { kind: name, offset, width: TIME_SLOTS[name] };
  const counted = /^([dh])(\d+)$/.exec(name);
  if (!counted) throw new Error(`expand a template: unknown slot {${name}}; see bench/generate/content.ts`);
  return { kind: counted[1] === "d" ? "digits" : "hex", offset, width: Number(counted[2]) };
}

function patch(out: Buffer, at: number, slot: Slot, sequence: number, clock: Clock, random: Random): void {
  const { kind, width } = slot;
  if (kind === "seq") putDigits(out, at, sequence, width);
  else if (kind === "digits" || kind === "hex") {
    const source = kind === "digits" ? RANDOM_DIGITS : RANDOM_HEX;
    let from = random.int(source.length - width);
    for (let i = 0; i < width; i++) out[at + i] = source[from++]!;
    // JSON forbids a leading zero.
    if (kind === "digits" && out[at] === 0x30) out[at] = 0x31;
  } else out.set(clock[kind], at);
}

interface Clock {
  readonly rfc3339: Buffer;
  readonly iso: Buffer;
  readonly clf: Buffer;
  readonly klog: Buffer;
  set(seconds: number, nanos: number): void;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The line's time in every form; whole seconds are rendered only when they change. */
function createClock(): Clock {
  const rfc3339 = Buffer.from("1970-01-01T00:00:00.000000000Z");
  const iso = Buffer.from("1970-01-01T00:00:00.000Z");
  const clf = Buffer.from("01/Jan/1970:00:00:00 +0000");
  const klog = Buffer.from("0101 00:00:00.000000");
  let current = -1;
  const set = (seconds: number, nanos: number): void => {
    if (seconds !== current) {
      current = seconds;
      const text = new Date(seconds * 1000).toISOString();
      const time = text.slice(11, 19);
      rfc3339.write(text.slice(0, 19), 0, "latin1");
      iso.write(text.slice(0, 19), 0, "latin1");
      clf.write(
        `${text.slice(8, 10)}/${MONTHS[Number(text.slice(5, 7)) - 1]}/${text.slice(0, 4)}:${time}`,
        0,
        "latin1",
      );
      klog.write(`${text.slice(5, 7)}${text.slice(8, 10)} ${time}`, 0, "latin1");
    }
    putDigits(rfc3339, 20, nanos, 9);
    rfc3339.copy(iso, 20, 20, 23);
    rfc3339.copy(klog, 14, 20, 26);
  };
  return { rfc3339, iso, clf, klog, set };
}

function putDigits(out: Buffer, at: number, value: number, width: number): void {
  let rest = value;
  for (let i = at + width - 1; i >= at; i--) {
    const tens = Math.floor(rest / 10);
    out[i] = 0x30 + rest - tens * 10;
    rest = tens;
  }
}

function randomBytes(alphabet: string, length: number): Buffer {
  return Buffer.from(createRandom(length).text(length, alphabet));
}
