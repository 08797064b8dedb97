import { defineConfig } from "vitest/config";

/** One file after another: an account is all of moto. */
export default defineConfig({
  test: { include: ["test/infra/**/*.test.ts"], testTimeout: 400_000, fileParallelism: false, root: "." },
});
