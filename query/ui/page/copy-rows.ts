/**
 * Rows that are selected are copied as lines, with tabs between their values, as tickets and spreadsheets take them: the
 * browser would put each value on a line of its own. What is selected inside of one value, or of an open row, is copied as it is.
 */
export function listenToCopies(): void {
  document.addEventListener("copy", (event) => {
    const text = linesOf(getSelection());
    if (text === null || event.clipboardData === null) return;
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  });
}

function linesOf(selection: Selection | null): string | null {
  if (selection === null || selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  const { commonAncestorContainer: node } = range;
  const root = node instanceof HTMLElement ? node : node.parentElement;
  if (root === null || root.closest(".list, .around") === null || root.closest(".cell, .detail") !== null) return null;
  const row = root.closest(".row");
  const within = <Part extends Element>(parts: Iterable<Part>): Part[] =>
    [...parts].filter((part) => range.intersectsNode(part));
  if (within(root.querySelectorAll(".detail")).length > 0) return null;
  const rows = row === null ? within(root.querySelectorAll(".row")) : [row];
  const lines = rows.map((one) =>
    within(one.querySelectorAll(".cell"))
      .map(({ textContent }) => textContent)
      .join("\t"),
  );
  return lines.length === 0 ? null : lines.join("\n");
}
