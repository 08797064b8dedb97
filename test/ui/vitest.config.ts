import { defineConfig } from "vitest/config";

/** One browser at a time: what a page needs of two cores is what these tests measure. */
export default defineConfig({
  test: {
    include: ["test/ui/**/*.test.ts"],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    root: ".",
  },
});
