import { defineConfig } from "vitest/config";

/**
 * `unit` mirrors the tree and needs no built program; `e2e` runs the programs from `dist/` as a user would. One e2e file
 * at a time, and after the others: each has an agent and a writing node, which fill two cores.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/{e2e,aws,image,infra,journal,kube,trino,ui}/**"],
          testTimeout: 30_000,
          // Stores are made before tests: longer than the default of 10 s on a machine that others keep busy.
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
          // Its modules import folders, which node refuses.
          server: { deps: { inline: ["dt-sql-parser"] } },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
