import { afterAll, beforeAll, expect, test } from "vitest";
import { writeRows } from "../helpers/store.ts";
import { asked, makeBed, wholeResult, type Bed } from "./bed.ts";

const MARKUP = [
  `<img src="http://127.0.0.1:1/x" onerror="alert(1)">`,
  `"><script>alert(2)</script>`,
  `<svg onload=alert(3)><iframe src="javascript:alert(4)"></iframe>`,
  `'; alert(5); //\` \${alert(6)} {{7*7}} javascript:alert(7)`,
  `</pre></div></body><h1>gone</h1><style>*{display:none}</style>`,
  `<a href="http://127.0.0.1:1/" autofocus onfocus=alert(8)>x</a><meta http-equiv="refresh" content="0;url=http://127.0.0.1:1">`,
];
const CONTROLS = [
  "\x1b[31mred\x1b]0;title\x07\x1b[2J\x1b[1;1H",
  "invoice \u202Egpj.exe \u2066\u2067\u2068",
  "one\u2028two\u2029three\u0085four\vfive",
  `${"\u0301".repeat(5000)} zalgo`,
  "\u{e0041}\u200b\ufeff\u00ad hidden",
  "﷽".repeat(2000),
];
const LONG = ["x".repeat(1_048_576), `{"a":"${"y ".repeat(500_000)}"}`, "(".repeat(300_000), '{"a":'.repeat(20_000)];
const FIELDS = [
  JSON.stringify({ "<b>bold</b>": "<i>x</i>", __proto__: 1, "a'b\"c": "'\"", "": "empty", constructor: { name: "x" } }),
  '{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}',
  '{"n":1e999,"big":123456789012345678901234567890,"neg":-0}',
];

let bed: Bed;
beforeAll(async () => {
  bed = await makeBed(async (store) => {
    const logs = [...MARKUP, ...CONTROLS, ...LONG, ...FIELDS];
    const rows = logs.map((log, i) => ({
      tsNs: 1_772_409_600_000_000_000n + BigInt(i) * 1_000_000_000n,
      source: "application",
      namespace: "<b>ns</b>",
      workload: "w",
      pod: i % 2 === 0 ? `<img src=x onerror=alert('pod')>` : "nginx'; drop table logs --\u202E",
      container: "c",
      node: "node-a",
      level: i % 3 === 0 ? "<script>alert('level')</script>" : "info",
      log,
      labels: { "<u>key</u>": "<u>value</u>", "it's": "\u202Ex" },
      file: "node-a/u/c/1f",
      pos: i,
    }));
    await writeRows(store, rows);
  });
});
afterAll(() => bed.close());

test("hostile lines do nothing: no dialog, no request, no element, no new layout", async () => {
  const { page, troubles, requests } = await bed.open("query=select%20*&all-time");
  const rows = await wholeResult(page);
  expect(rows).toBe(MARKUP.length + CONTROLS.length + LONG.length + FIELDS.length);
  await page.locator(".stage svg rect").first().waitFor();
  const elements = await page.evaluate(ELEMENTS);
  // Each row is opened, all of its message shown, and closed again; then its context.
  for (let row = 0; row < rows; row++) {
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.locator("#list .detail").waitFor();
    for (const all of await page.locator("#list .show-all").all()) await all.click();
    expect(await page.evaluate(LAYOUT)).toEqual({ overflow: 0, heights: [22] });
    expect(await page.evaluate(ELEMENTS)).toEqual(elements);
    await page.keyboard.press("Enter");
  }
  await page.keyboard.press("c");
  await page.locator("#context .row.match").waitFor();
  expect(await page.evaluate(ELEMENTS)).toEqual(elements);
  await page.keyboard.press("Escape");
  // Their values as filters, and as values that are counted.
  for (const field of ["level", "pod", "namespace"]) {
    await page.locator(`#fields [data-field="${field}"] .name`).click();
    await page.locator("#fields .value-row").first().waitFor();
  }
  await page.locator('#fields [data-field="pod"] .name').click();
  await page.locator("#fields .value-row", { hasText: "drop table" }).waitFor();
  const found = await asked(page, () =>
    page.locator("#fields .value-row", { hasText: "drop table" }).locator(".value-name").click(),
  );
  expect(found).toBe(Math.floor(rows / 2));
  expect(await page.evaluate("document.title")).toContain("logq");
  expect(await page.evaluate("({}).polluted")).toBeUndefined();
  expect(troubles).toEqual([]);
  expect(requests.filter((address) => !address.startsWith(`${bed.origin}/`))).toEqual([]);
});

test("control and bidi characters are seen, not obeyed", async () => {
  const { page } = await bed.open("query=select%20*&all-time&order=oldest");
  await wholeResult(page);
  const text = await page.locator("#list").innerText();
  expect(text).toContain("␛[31mred");
  expect(text).toContain("⟨U+202E⟩gpj.exe");
  // oxlint-disable-next-line no-control-regex -- control characters are the point
  expect(text).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]/);
});

/** How many there are of elements that a page of ours has none of, or one. */
const ELEMENTS = `Object.fromEntries(["img", "script", "iframe", "svg", "style", "link", "meta", "a", "h1", "b b", "object", "form"]
  .map((name) => [name, document.getElementsByTagName(name).length]))`;
/** Pixels by which the page is wider than its window, and how high the lines of the list are. */
const LAYOUT = `({
  overflow: document.documentElement.scrollWidth - innerWidth,
  heights: [...new Set([...document.querySelectorAll("#list .cells")].map((line) => line.offsetHeight))],
})`;
