/** As signatures want a name or value: all but RFC 3986's unreserved characters is encoded. */
export function encodeUri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A path with its query, which may be none. */
export function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${encodeUri(name)}=${encodeUri(value)}`);
  return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
}
