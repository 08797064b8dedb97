import type { TestProject } from "vitest/node";
import { startBed, type Bed } from "./bed.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly bed: Bed;
  }
}

/** One Trino for all files of tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { [Symbol.asyncDispose]: dispose, ...bed } = await startBed();
  project.provide("bed", bed);
  return async () => await dispose();
}
