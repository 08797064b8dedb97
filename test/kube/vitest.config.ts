import { defineConfig } from "vitest/config";

/** The first run builds a kube-apiserver, which takes the better part of an hour on two cores. */
export default defineConfig({
  test: {
    include: ["test/kube/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 7_200_000,
    fileParallelism: false,
    root: ".",
  },
});
