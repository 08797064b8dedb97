import { ALB } from "./alb.ts";
import { CLOUDTRAIL } from "./cloudtrail.ts";
import type { TableDefinition } from "./definition.ts";
import { EKS_AUDIT } from "./eks-audit.ts";
import { LOGS } from "./logs.ts";
import { VPC_FLOW } from "./vpc-flow.ts";

/** Every table that a query may read. */
export const TABLES: readonly TableDefinition[] = [LOGS, EKS_AUDIT, CLOUDTRAIL, ALB, VPC_FLOW];

/** A table by its name in any case; null if there is none. */
export function tableNamed(name: string): TableDefinition | null {
  return TABLES.find((table) => table.name === name.toLowerCase()) ?? null;
}
