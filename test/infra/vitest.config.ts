import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["test/infra/**/*.test.ts"], testTimeout: 400_000, hookTimeout: 120_000, root: "." },
});
