import { writeRows, type StoredRow } from "../../helpers/store.ts";
import { fixtureLines } from "./packed.ts";

/** The day of the fixture's events, which Trino's corpus has on another one. */
export const AUDIT_DAY = "2026-11-21";

/** Stores the audit events of the fixtures as the agent ships them from EKS, among rows that are none; returns the files. */
export async function storeAudit(folder: string, day = AUDIT_DAY): Promise<string[]> {
  const fixture = await fixtureLines("eks_audit/kube-apiserver-audit.log");
  const lines = fixture.map((line) => line.replaceAll(AUDIT_DAY, day));
  const events = lines.map((log, i): StoredRow => {
    const time = /"requestReceivedTimestamp":"([^"]+)\.(\d{6})Z"/.exec(log);
    const seconds = Date.parse(time === null ? `${day}T09:50:00Z` : `${time[1]}Z`) / 1000;
    return row("kube-apiserver-audit", BigInt(seconds) * 1_000_000_000n + BigInt(time?.[2] ?? 0) * 1000n, log, i);
  });
  const others = ["kube-apiserver", "authenticator"].map((container, i) => {
    return row(container, events[i]!.tsNs, 'I1121 09:00:01.000000 1 a.go:1] "verb" {"verb":"get"}', i);
  });
  const app = { ...row("app", events[0]!.tsNs, lines[0]!, 1), source: "application" };
  return await writeRows(folder, [...events, ...others, app]);
}

function row(container: string, tsNs: bigint, log: string, i: number): StoredRow {
  const node = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
  return { tsNs, source: "control-plane", container, node, log, file: `${node}/${container}/f1`, pos: i * 1000 };
}
