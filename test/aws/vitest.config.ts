import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["test/aws/**/*.test.ts"], testTimeout: 120_000, root: "." } });
