/** `dist/logq ui`, over a store that a test fills or over what it names, and a browser. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { CHROMIUM } from "./chromium.ts";

export const LOGQ = new URL("../../dist/logq.cjs", import.meta.url).pathname;

export interface Bed extends Served {
  readonly store: string;
}

export interface Served {
  /** With the token, as `logq ui` printed it. */
  readonly url: string;
  readonly origin: string;
  readonly browser: Browser;
  /** A page at this state that nobody was before; `look` says how it is to be opened. */
  open(state: string, look?: Parameters<Browser["newContext"]>[0]): Promise<Opened>;
  close(): Promise<void>;
}

interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page was not allowed to do, threw, or showed a dialog for: must stay empty. */
  readonly troubles: string[];
  /** Addresses that the page asked for. */
  readonly requests: string[];
}

/** Fills a store, serves it, starts a browser. */
export async function makeBed(fill: (store: string) => Promise<unknown>): Promise<Bed> {
  const store = await mkdtemp(join(tmpdir(), "logq-ui-"));
  await fill(store);
  const served = await serve(["--store", store], { XDG_CONFIG_HOME: store, XDG_STATE_HOME: store });
  return {
    ...served,
    store,
    async close() {
      await served.close();
      await rm(store, { recursive: true });
    },
  };
}

/** `dist/logq ui` with these options, and a browser. */
export async function serve(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Served> {
  const server = spawn(LOGQ, ["ui", "--no-open", "--port", "0", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const url = await firstAddress(server);
  // As root Chromium has no sandbox of its own.
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  return {
    url,
    origin: new URL(url).origin,
    browser,
    open: (state, look) => open(browser, `${url}#${state}`, look),
    async close() {
      await browser.close();
      server.kill("SIGINT");
      if (server.exitCode === null) await once(server, "exit");
    },
  };
}

/** The number of rows that the status line says, when the result is whole. */
export async function wholeResult(page: Page): Promise<number> {
  await page.locator("#run").waitFor();
  const text = await page.locator("#status").textContent();
  return Number(/^([\d,]+) rows?/.exec(text!)![1]!.replaceAll(",", ""));
}

/** The text of the rows in sight, by column. */
export function column(page: Page, name: string): Promise<string[]> {
  return page.locator(`#list .cell[data-column="${name}"]`).allTextContents();
}

/** Presses on a control, and waits for the result that it asks for. */
export async function asked(page: Page, act: () => Promise<unknown>): Promise<number> {
  await Promise.all([page.waitForResponse((response) => response.url().endsWith("/api/run")), act()]);
  return await wholeResult(page);
}

async function open(browser: Browser, address: string, look: Parameters<Browser["newContext"]>[0]): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 850 }, ...look });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const troubles: string[] = [];
  const requests: string[] = [];
  page.on("pageerror", (error) => troubles.push(`threw ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") troubles.push(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(address);
  return { page, context, troubles, requests };
}

async function firstAddress(server: ChildProcess): Promise<string> {
  for await (const line of createInterface(server.stdout!)) {
    const address = /http:\S+/.exec(line)?.[0];
    if (address !== undefined) return address;
  }
  throw new Error("logq ui ended without an address; build it: node build.mjs");
}
