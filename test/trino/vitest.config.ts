import { defineConfig } from "vitest/config";

/** The first run brings Trino, its Java and pyarrow, half a gigabyte, which takes some minutes. */
export default defineConfig({
  test: {
    include: ["test/trino/**/*.test.ts"],
    globalSetup: "test/trino/setup.ts",
    testTimeout: 120_000,
    hookTimeout: 1_800_000,
    fileParallelism: false,
    root: ".",
  },
});
