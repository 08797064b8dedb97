/** The part of parquetjs-lite, which has no types, that the benchmark uses. */
declare module "parquetjs-lite" {
  interface Stream {
    write(bytes: Buffer, done: () => void): void;
    end(done: () => void): void;
  }
  const parquet: {
    ParquetSchema: new (fields: Record<string, unknown>) => object;
    ParquetWriter: {
      openStream(
        schema: object,
        stream: Stream,
        options: { rowGroupSize: number },
      ): Promise<{ appendRow(row: Record<string, unknown>): Promise<void>; close(): Promise<void> }>;
    };
  };
  export default parquet;
}
