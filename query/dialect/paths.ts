/** A path as read_parquet takes it: it reads a list of globs, so a star in a folder's name would match its neighbours. */
export function duckDbPath(file: string): string {
  return file.replace(/[*?[]/g, "[$&]");
}
