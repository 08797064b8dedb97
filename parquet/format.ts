/** Numbers of the Parquet format (parquet.thrift of apache/parquet-format) that this encoder writes. */
export const PHYSICAL = { int64: 2, byteArray: 6 } as const;
export const REPETITION = { required: 0, optional: 1, repeated: 2 } as const;
export const CONVERTED = { utf8: 0, map: 1, timestampMillis: 9 } as const;
export const ENCODING = {
  plain: 0,
  rle: 3,
  deltaBinaryPacked: 5,
  deltaLengthByteArray: 6,
  rleDictionary: 8,
} as const;
export const CODEC = { none: 0, zstd: 6 } as const;
export const PAGE = { data: 0, dictionary: 2 } as const;
export const MAGIC = "PAR1";
