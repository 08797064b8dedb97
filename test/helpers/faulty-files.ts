import fs, { readlinkSync } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

/**
 * What is to be disturbed: an operation by its name in node:fs/promises (`link`), in node:fs (`statSync`) or of a file
 * handle (`FileHandle.datasync`), on paths that match. Of two paths (`rename`, `link`) either may match.
 */
interface Where {
  readonly op: string;
  readonly path: RegExp;
  /** Calls that pass before the first that is disturbed; default 0. */
  readonly skip?: number;
  /** Calls that are disturbed; default all. */
  readonly times?: number;
}

interface Fault extends Where {
  /** Error code, as `ENOSPC`. */
  readonly code: string;
  /** Of a buffer that is written, so much gets through before the error. */
  readonly partialBytes?: number;
}

interface Rule {
  readonly where: Where;
  hits: number;
  skipped: number;
  run(call: Call): unknown;
}

interface Call {
  readonly args: unknown[];
  /** The operation as it is. */
  real(...args: unknown[]): unknown;
}

/** How often a rule was applied so far. */
interface Applied {
  readonly hits: number;
  /** Ends this rule. */
  heal(): void;
}

export interface FaultyFiles extends Disposable {
  /** The operation fails with a system error. */
  fail(fault: Fault): Applied;
  /** `hook` runs before the operation, which then goes on; an operation of promises waits for it. */
  before(where: Where, hook: () => unknown): Applied;
  /** The operation gives `answer()` instead of what the system says. */
  answer(where: Where, answer: (...args: unknown[]) => unknown): Applied;
  /** Ends all rules. */
  heal(): void;
}

type Table = Record<string, (...args: unknown[]) => unknown>;

/**
 * Makes file operations of this process fail where told, until it is disposed. It changes Node's own modules, whose named
 * imports are live, so that production code needs no port for it. Operations are those the code calls; what Node calls
 * inside (an `open` within `readFile`) is not seen.
 */
export async function faultyFiles(): Promise<FaultyFiles> {
  const rules = new Set<Rule>();
  const restores: (() => void)[] = [];
  const patched = new Set(["open"]);
  const paths = new WeakMap<object, string>();
  const handles = await handlePrototype();

  wrap(promises as unknown as Table, "open", async (call) => {
    const handle = (await apply("open", pathsOf(call.args), call)) as object;
    paths.set(handle, String(call.args[0]));
    return handle;
  });

  function wrap(table: Table, name: string, run: (call: Call, self: object) => unknown): void {
    const real = table[name]!;
    table[name] = function (this: object, ...args: unknown[]) {
      return run({ args, real: (...changed) => real.apply(this, changed) }, this);
    };
    restores.push(() => (table[name] = real));
    syncBuiltinESMExports();
  }

  function apply(op: string, touched: readonly string[], call: Call): unknown {
    for (const rule of rules) {
      const { where } = rule;
      if (where.op !== op || !touched.some((path) => where.path.test(path))) continue;
      if (rule.skipped < (where.skip ?? 0)) rule.skipped++;
      else if (rule.hits < (where.times ?? Infinity)) {
        rule.hits++;
        return rule.run(call);
      }
    }
    return call.real(...call.args);
  }

  function patch(op: string): void {
    if (patched.has(op)) return;
    patched.add(op);
    const method = /^FileHandle\.(.*)$/.exec(op)?.[1];
    if (method !== undefined) wrap(handles, method, (call, self) => apply(op, [paths.get(self) ?? ""], call));
    else if (op.endsWith("Sync")) wrap(fs as unknown as Table, op, (call) => apply(op, pathsOf(call.args), call));
    else wrap(promises as unknown as Table, op, (call) => apply(op, pathsOf(call.args), call));
  }

  function add(where: Where, run: Rule["run"]): Applied {
    patch(where.op);
    const rule: Rule = { where, hits: 0, skipped: 0, run };
    rules.add(rule);
    return {
      get hits() {
        return rule.hits;
      },
      heal: () => void rules.delete(rule),
    };
  }

  return {
    fail: (fault) => add(fault, (call) => fail(fault, call)),
    before: (where, hook) => add(where, (call) => (where.op.endsWith("Sync") ? now(hook, call) : later(hook, call))),
    answer: (where, answer) => add(where, ({ args }) => answer(...args)),
    heal: () => rules.clear(),
    [Symbol.dispose]: () => {
      for (const restore of restores.toReversed()) restore();
      syncBuiltinESMExports();
    },
  };
}

function fail(fault: Fault, call: Call): unknown {
  const error = systemError(fault.code, fault.op);
  if (fault.op.endsWith("Sync")) throw error;
  const [data, ...where] = call.args;
  if (fault.partialBytes === undefined || !(typeof data === "string" || Buffer.isBuffer(data)))
    return Promise.reject(error);
  const part = fault.op === "FileHandle.write" ? partOfWrite(data, where) : { bytes: Buffer.from(data), at: null };
  const bytes = part.bytes.subarray(0, fault.partialBytes);
  const args = part.at === null ? [bytes] : [bytes, 0, bytes.length, part.at];
  return Promise.resolve(call.real(...args)).then(() => Promise.reject(error));
}

/** What a call of `FileHandle.write` writes, and where: null is the handle's own place. */
function partOfWrite(data: string | Buffer, where: readonly unknown[]): { bytes: Buffer; at: number | null } {
  const [first, length, position] = where;
  if (typeof data === "string") return { bytes: Buffer.from(data), at: typeof first === "number" ? first : null };
  const named = typeof first === "object" && first !== null ? first : { offset: first, length, position };
  const from = "offset" in named && typeof named.offset === "number" ? named.offset : 0;
  const count = "length" in named && typeof named.length === "number" ? named.length : data.length - from;
  const at = "position" in named && typeof named.position === "number" ? named.position : null;
  return { bytes: data.subarray(from, from + count), at };
}

function now(hook: () => unknown, call: Call): unknown {
  hook();
  return call.real(...call.args);
}

async function later(hook: () => unknown, call: Call): Promise<unknown> {
  await hook();
  return await call.real(...call.args);
}

function systemError(code: string, op: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected, ${op}`), { code, syscall: op });
}

/** The paths of a call; a descriptor counts as what it is open for. */
function pathsOf(args: readonly unknown[]): string[] {
  if (typeof args[0] === "number") return [readlinkSync(`/proc/self/fd/${args[0]}`)];
  return args.slice(0, 2).filter((arg) => typeof arg === "string");
}

async function handlePrototype(): Promise<Table> {
  await using handle = await promises.open("/dev/null", "r");
  return Object.getPrototypeOf(handle) as Table;
}
