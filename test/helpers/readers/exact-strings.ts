const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** hyparquet's own decoder drops a U+FEFF at the start of a string; this one gives what stands in the file. */
export const EXACT_STRINGS = {
  stringFromBytes: (bytes: Uint8Array | undefined): string | undefined => bytes && UTF8.decode(bytes),
};
