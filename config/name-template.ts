/** A variable of a template: `$TAG`, its part `$TAG[1]`, or `$name['key']['key']`. */
export interface NameVariable {
  readonly name: string;
  readonly keys: readonly string[];
}

/** Variables that a name may have. */
const KNOWN = ["TAG", "kubernetes", "source", "cluster", "node"];

/**
 * Parses a template of a log group's or stream's name: text with variables in Fluent Bit's record accessor syntax, such as
 * `app-$kubernetes['namespace_name']`. Throws an error that says what is wrong with it.
 */
export function parseNameTemplate(template: string): (string | NameVariable)[] {
  return [...template.matchAll(/\$(\w*)((?:\['?[^\]]*'?\])*)|[^$]+/g)].map(([text, name, keys = ""]) => {
    if (name === undefined) return text;
    if (!KNOWN.includes(name))
      throw new Error(`${text} is not known; known: ${KNOWN.map((known) => `$${known}`).join(", ")}`);
    const parts = [...keys.matchAll(/\['?([^\]']*)'?\]/g)].map(([, key = ""]) => key);
    if (name === "kubernetes" && parts.length === 0)
      throw new Error("$kubernetes needs a key, as in $kubernetes['namespace_name']");
    if (name === "TAG" && parts.some((part) => !/^\d$/.test(part)))
      throw new Error(`${text} is no part of the tag; write $TAG[0] to $TAG[9], or $TAG`);
    return { name, keys: parts };
  });
}
