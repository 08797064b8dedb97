import { answer, commandOf } from "./ask.ts";
import { announce, byId, el } from "./dom.ts";

/** Puts the command that gives the same rows on the clipboard, and shows it: where the clipboard is closed it can be taken from there. */
export async function copyCommand(args: readonly string[]): Promise<void> {
  try {
    const command = await commandOf(args, AbortSignal.timeout(10_000));
    await copyText(command, "command");
  } catch (error) {
    show((error as Error).message, "");
  }
}

/** Shows what a query would read and cost, as `--estimate` says it. */
export async function showEstimate(args: readonly string[]): Promise<void> {
  try {
    const { text } = await answer(["--estimate", ...args], AbortSignal.timeout(60_000));
    show(text, "");
  } catch (error) {
    show((error as Error).message, "");
  }
}

/** Copies a text, or shows it for copying by hand. */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    show(text, `Copied the ${what}`);
  } catch {
    show(text, `Copy the ${what} from here: the browser keeps the clipboard closed`);
    getSelection()?.selectAllChildren(byId("command").querySelector("code")!);
  }
}

function show(text: string, says: string): void {
  const box = byId("command");
  const close = el("button", { type: "button", "aria-label": "Close", onclick: () => (box.hidden = true) }, "×");
  box.replaceChildren(el("span", { class: "dim" }, says), el("code", {}, text.slice(0, 20_000)), close);
  box.hidden = false;
  announce(says);
}
