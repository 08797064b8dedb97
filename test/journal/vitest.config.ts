import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["test/journal/**/*.test.ts"], testTimeout: 300_000, fileParallelism: false, root: "." },
});
