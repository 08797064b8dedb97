/** An element with attributes and children. Text is always text: nothing on this page is made of markup. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: object = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes) as [string, unknown][]) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else if (value === true) element.setAttribute(name, "");
    else if (typeof value === "string" || typeof value === "number") element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** An element of the drawing language, by its attributes. */
export function svg(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** The elements of index.html whose kind matters. */
interface Kinds {
  readonly query: HTMLTextAreaElement;
  readonly ask: HTMLFormElement;
  readonly grep: HTMLInputElement;
  readonly "ignore-case": HTMLInputElement;
  readonly live: HTMLButtonElement;
  readonly level: HTMLSelectElement;
  readonly limit: HTMLSelectElement;
  readonly zone: HTMLSelectElement;
  readonly theme: HTMLSelectElement;
  readonly context: HTMLDialogElement;
  readonly help: HTMLDialogElement;
}

/** The element of the page with this id. Throws if the page has none: it and this program belong together. */
export function byId<Id extends string>(id: Id): Id extends keyof Kinds ? Kinds[Id] : HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element as Id extends keyof Kinds ? Kinds[Id] : HTMLElement;
}

/** Tells people who listen to the page what changed. */
export function announce(text: string): void {
  byId("live-region").textContent = text;
}
