import type { SecretName } from "../../config/filter/redact.ts";
import { redactCardNumbers } from "./card-number.ts";

/**
 * How one kind of secret is found in a text, which may be UTF-16, or bytes of UTF-8 as one character each: a class that takes
 * a character beyond ASCII takes them all, so that none is cut.
 */
export interface Secret {
  readonly name: SecretName;
  /** What a message has that holds it: batches are searched for these first. */
  readonly triggers: readonly Trigger[];
  /** Names of fields that hold it; null: it is known by itself. */
  readonly field: RegExp | null;
  /** The text with `instead` in place of each of them. */
  readonly redact: (text: string, instead: string) => string;
}

/** What is looked for in all messages: `trigger-scan.ts` knows how. */
export type Trigger = "keyword" | "awsKey" | "jwt" | "dottedDigits" | "at" | "digitRun";

const AWS_KEY_ID = "(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AIPA|ANPA|ANVA|AROA)[A-Z0-9]{16}";

/** What stands between a name and its value, the closing quote of the name included: `": "`, `=`, `\": \"`. */
const ASSIGN = String.raw`(\\*["']?)[ \t]*(?:=>|[:=])[ \t]*`;
/** A value in escaped quotes, in double or single ones, which stay, or without any. */
const VALUE = String.raw`(?:(\\+["'])([^]*?)(?=\3|$)|"((?:[^"\\]|\\[^])*)|'((?:[^'\\]|\\[^])*)|([^ \t\r\n"'&;,}\])({[\\][^ \t\r\n"'&;,}\])\\]*))`;

const SECRET_KEY = String.raw`secret[_-]?(?:access[_-]?)?key`;
const PASSWORD = String.raw`passw(?:or)?d|passphrase|pwd`;
const API_KEY = String.raw`api[_-]?key|(?:access|auth|refresh|session|id|private)[_-]?token|client[_-]?secret|secret[_-]?key`;

const KEY_TEXT = String.raw`(?:[\w+/=:,. \t\r\n-]|\\+[nrt])*`;
const PRIVATE_KEY = new RegExp(
  String.raw`-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(?:${KEY_TEXT}?-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|${KEY_TEXT})`,
  "g",
);
const AWS_ACCESS_KEY = new RegExp(`(?<![A-Z0-9])${AWS_KEY_ID}(?![A-Z0-9])`, "g");
const AWS_SECRET_KEY = new RegExp(
  String.raw`((?:${SECRET_KEY})${ASSIGN}\\*["']?)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])`,
  "gi",
);
const JWT = /eyJ[\w-]{8,}(?:\.[\w-]*){2,4}/g;
// A word that only looks like a token has neither a digit nor twenty letters.
const BEARER = /(bearer[ \t]+)(?=[\w.~+/=-]*\d|[\w.~+/=-]{20})[\w.~+/=-]{8,}/gi;
const BASIC = /(authorization\\*["']?[ \t]*[:=][ \t]*\\*["']?basic[ \t]+)[\w+/=-]{4,}/gi;
const URL_PASSWORD = /(:\/\/[^ \t\r\n/?#"'<>:@\\]*:)[^ \t\r\n/?#"'<>@\\]+(?=@)/g;
const EMAIL_DOMAIN = /@(?:[a-z0-9\x80-\uffff-]{1,63}\.){1,8}[a-z]{2,63}(?![a-z0-9-])/gi;
const EMAIL_NAME = /[\w.%+\x80-\uffff-]+$/;
const IPV4 = /(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\.?\d)/g;

/** In the order in which they are looked for. */
export const SECRETS: readonly Secret[] = [
  { name: "private_key", triggers: ["keyword"], field: null, redact: wholly(PRIVATE_KEY) },
  { name: "aws_access_key", triggers: ["awsKey"], field: null, redact: wholly(AWS_ACCESS_KEY) },
  {
    name: "aws_secret_key",
    triggers: ["keyword"],
    field: fieldNamed(SECRET_KEY),
    redact: afterFirstGroup(AWS_SECRET_KEY),
  },
  { name: "jwt", triggers: ["jwt"], field: null, redact: wholly(JWT) },
  { name: "bearer_token", triggers: ["keyword"], field: null, redact: afterFirstGroup(BEARER) },
  { name: "basic_auth", triggers: ["keyword"], field: null, redact: afterFirstGroup(BASIC) },
  { name: "password", triggers: ["keyword"], field: fieldNamed(PASSWORD), redact: valueOf(PASSWORD) },
  { name: "api_key", triggers: ["keyword"], field: fieldNamed(API_KEY), redact: valueOf(API_KEY) },
  { name: "url_password", triggers: ["at"], field: null, redact: afterFirstGroup(URL_PASSWORD) },
  { name: "email", triggers: ["at"], field: null, redact: redactEmails },
  { name: "credit_card", triggers: ["digitRun"], field: null, redact: redactCardNumbers },
  { name: "ipv4", triggers: ["dottedDigits"], field: null, redact: wholly(IPV4) },
];

function wholly(pattern: RegExp): Secret["redact"] {
  return (text, instead) => text.replace(pattern, () => instead);
}

function afterFirstGroup(pattern: RegExp): Secret["redact"] {
  return (text, instead) => text.replace(pattern, (_, before: string) => before + instead);
}

function fieldNamed(names: string): RegExp {
  return new RegExp(`(?:${names})$`, "i");
}

/** What a name is given in `name=value`, `name: "value"` and JSON, also as JSON inside of a text. */
function valueOf(names: string): Secret["redact"] {
  const pattern = new RegExp(`((?:${names})${ASSIGN})${VALUE}`, "gi");
  return (text, instead) =>
    text.replace(
      pattern,
      (all: string, before: string, quote: string, escaped?: string, ...values: (string | undefined)[]) => {
        const [inEscaped, inDouble, inSingle, bare] = values;
        if (bare !== undefined) {
          if (/^(?:null|true|false)$/.test(bare)) return all;
          // A number in JSON, whose place a text takes.
          const isJson = quote !== "" && !before.includes("=");
          return isJson ? before + quote + instead + quote : before + instead;
        }
        const value = inEscaped ?? inDouble ?? inSingle ?? "";
        if (value === "") return all;
        const opening = escaped ?? (inDouble === undefined ? "'" : '"');
        return before + opening + instead;
      },
    );
}

/** Looks for the domain first: what stands in front of it may be read only where there is one. */
function redactEmails(text: string, instead: string): string {
  let left = "";
  let at = 0;
  for (const match of text.matchAll(EMAIL_DOMAIN)) {
    const before = text.slice(at, match.index);
    const name = EMAIL_NAME.exec(before.slice(-320));
    if (name === null) continue;
    left += before.slice(0, before.length - name[0].length) + instead;
    at = match.index + match[0].length;
  }
  return left + text.slice(at);
}
