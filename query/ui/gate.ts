/**
 * Who may ask the server of `logq ui`: the browser that was given the token, from the page itself. Other pages in that
 * browser reach 127.0.0.1 too, by its address or by a name that they have resolve to it (DNS rebinding).
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** What a request shows of itself. */
export interface Caller {
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Gate {
  readonly port: number;
  readonly token: string;
}

/** `login`: sent the token in the address, and is given the cookie. */
export type Admission = { readonly kind: "page" | "login" } | { readonly kind: "refused"; readonly why: string };

const LINK = "open the link that logq ui printed when it started";

/** Whether a request may be answered; every refusal is a 403, and one sentence that says what to do. */
export function admit({ url, headers }: Caller, { port, token }: Gate): Admission {
  const { host = "", origin } = headers;
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`)
    return refused(`it answers to http://127.0.0.1:${port} alone: a tunnel has to have the same port at both ends`);
  if (origin !== undefined && origin !== `http://${host}`) return refused(`another page asked: ${LINK}`);
  const site = headers["sec-fetch-site"];
  // `same-site` is another port of this machine.
  if (site !== undefined && site !== "same-origin" && site !== "none") return refused(`another page asked: ${LINK}`);
  const given = url.startsWith("/?") ? new URLSearchParams(url.slice(2)).get("token") : null;
  if (given !== null)
    return isSame(given, token) ? { kind: "login" } : refused(`the token is not that of this logq ui: ${LINK}`);
  const cookie = cookieOf(headers.cookie ?? "", cookieName(port));
  if (cookie !== null && isSame(cookie, token)) return { kind: "page" };
  return refused(`${cookie === null ? "no token" : "the token of an earlier logq ui"}: ${LINK}`);
}

/** Cookies know hosts, not ports: each server has one of its own. */
export function cookieName(port: number): string {
  return `logq-${port}`;
}

function refused(why: string): Admission {
  return { kind: "refused", why };
}

function cookieOf(header: string, name: string): string | null {
  const found = header.split(";").find((pair) => pair.trim().startsWith(`${name}=`));
  return found === undefined ? null : found.trim().slice(name.length + 1);
}

/** In a time that says nothing of where they differ. */
function isSame(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(one!, other!);
}
