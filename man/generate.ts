import { writeFileSync } from "node:fs";
import packageJson from "../package.json" with { type: "json" };
import { agentPage } from "./agent-page.ts";
import { queryPage } from "./query-page.ts";

/** The manual pages by the names of their files in man/. */
export async function manualPages(): Promise<Record<string, string>> {
  const { version } = packageJson;
  return { "logq.1": await queryPage(version), "logq-agent.1": agentPage(version) };
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(await manualPages())) writeFileSync(new URL(name, import.meta.url), text);
}
