/** What the server does wrong, once or often; the first rule that fits a request is applied. */
export interface FaultRule<Kind extends string = FaultKind> {
  readonly kind: Kind;
  /** The operation, such as `PutObject`; all without it. */
  readonly operation?: string;
  /** Part of the key. */
  readonly key?: string;
  /** How often it is applied; for ever without it. */
  readonly times?: number;
  /** Of the requests that fit, the share it is applied to; all without it. */
  readonly probability?: number;
  /** For `latency` and `slow-answer`. */
  readonly delayMs?: number;
}

/**
 *   latency              waits, then works
 *   slow-down            503 SlowDown, nothing is done
 *   internal-error       500 InternalError, nothing is done
 *   error-after          done, but the answer is 500
 *   error-in-200         done not, but the answer is 200 with an error in its body (CompleteMultipartUpload does so)
 *   reset-before         the connection is reset, nothing is done
 *   reset-after          done, then the connection is reset
 *   hang-before          never answers, nothing is done
 *   hang-after           done, but never answers: the answer is lost
 *   slow-answer          done, then a byte of the answer every `delayMs`
 *   cut-short            done, then half of the answer, and the connection ends
 *   conflict             409 ConditionalRequestConflict, nothing is done
 *   taken                412 PreconditionFailed although the key is free
 *   forbidden            403 AccessDenied
 *   expired-token        400 ExpiredToken
 *   clock-skew           403 RequestTimeTooSkewed
 *   no-such-upload       404 NoSuchUpload, nothing is done
 *   wrong-region         301 PermanentRedirect to eu-west-1
 *   kms-disabled         400 KMS.DisabledException
 */
export type FaultKind =
  | "latency"
  | "slow-down"
  | "internal-error"
  | "error-after"
  | "error-in-200"
  | "reset-before"
  | "reset-after"
  | "hang-before"
  | "hang-after"
  | "slow-answer"
  | "cut-short"
  | "conflict"
  | "taken"
  | "forbidden"
  | "expired-token"
  | "clock-skew"
  | "no-such-upload"
  | "wrong-region"
  | "kms-disabled";

/** HTTP status and S3's error code of the faults that are answers. */
export const REFUSALS: Partial<Record<FaultKind, readonly [status: number, code: string]>> = {
  "slow-down": [503, "SlowDown"],
  "internal-error": [500, "InternalError"],
  conflict: [409, "ConditionalRequestConflict"],
  taken: [412, "PreconditionFailed"],
  forbidden: [403, "AccessDenied"],
  "expired-token": [400, "ExpiredToken"],
  "clock-skew": [403, "RequestTimeTooSkewed"],
  "no-such-upload": [404, "NoSuchUpload"],
  "wrong-region": [301, "PermanentRedirect"],
  "kms-disabled": [400, "KMS.DisabledException"],
};

/** Rules in order, and how often each kind was applied. */
export class Faults<Kind extends string = FaultKind> {
  readonly applied: Partial<Record<Kind, number>> = {};
  #rules: { readonly rule: FaultRule<Kind>; left: number }[] = [];
  readonly #random: () => number;

  constructor(seed = 1) {
    this.#random = mulberry32(seed);
  }

  add(rule: FaultRule<Kind>): void {
    this.#rules.push({ rule, left: rule.times ?? Infinity });
  }

  clear(): void {
    this.#rules = [];
  }

  /** Between 0 and 1, the same sequence for the same seed. */
  random(): number {
    return this.#random();
  }

  /** The fault of one request, or null. */
  next(operation: string, key: string): FaultRule<Kind> | null {
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (entry.left === 0 || (rule.operation ?? operation) !== operation || !key.includes(rule.key ?? "")) continue;
      if (this.#random() >= (rule.probability ?? 1)) continue;
      entry.left--;
      this.applied[rule.kind] = (this.applied[rule.kind] ?? 0) + 1;
      return rule;
    }
    return null;
  }
}

/** Between 0 and 1, the same sequence for the same seed. */
export function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
