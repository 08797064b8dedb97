/** Browsers draw nothing below some 16 million pixels: a longer list is scrolled faster than it is drawn. */
const SCROLL_PX_MAX = 15_000_000;

/** Where the rows of a long list are, all of one height but for those that are open. Pixels from the list's start. */
export interface Geometry {
  readonly rows: number;
  readonly rowPx: number;
  /** Rows that are open, in order, and how much higher they are. */
  readonly open: readonly { readonly row: number; readonly extraPx: number }[];
}

export function heightOf({ rows, rowPx, open }: Geometry): number {
  return open.reduce((sum, { extraPx }) => sum + extraPx, rows * rowPx);
}

export function topOf(row: number, { rowPx, open }: Geometry): number {
  let top = row * rowPx;
  for (const other of open) if (other.row < row) top += other.extraPx;
  return top;
}

/** The row at a place; beyond the end the last one. */
export function rowAt(px: number, geometry: Geometry): number {
  const { rows, rowPx, open } = geometry;
  let before = 0;
  for (const { row, extraPx } of open) {
    const top = row * rowPx + before;
    if (px < top + rowPx) break;
    if (px < top + rowPx + extraPx) return row;
    before += extraPx;
  }
  return Math.max(0, Math.min(rows - 1, Math.floor((px - before) / rowPx)));
}

/** The height that the scroll bar stands for. */
export function scrollHeightOf(geometry: Geometry): number {
  return Math.min(heightOf(geometry), SCROLL_PX_MAX);
}

/** The place in the list at the top of the view, for a position of the scroll bar. */
export function placeOf(scrollPx: number, viewPx: number, geometry: Geometry): number {
  return scrollPx * scaleOf(viewPx, geometry);
}

/** The position of the scroll bar that shows a place at the top. */
export function scrollOf(placePx: number, viewPx: number, geometry: Geometry): number {
  return placePx / scaleOf(viewPx, geometry);
}

function scaleOf(viewPx: number, geometry: Geometry): number {
  const [height, scroll] = [heightOf(geometry), scrollHeightOf(geometry)];
  return height === scroll || scroll <= viewPx ? 1 : (height - viewPx) / (scroll - viewPx);
}
