/** List prices of AWS in most regions, in US dollars. Source: the pricing pages of Amazon S3 and Amazon Athena. */
import { bytesBilled } from "./engine/athena/cost.ts";

const S3_GET_USD = 0.4e-6;
const TERABYTE = 1_099_511_627_776;

/** What reading objects of S3 costs in requests; transfer within the region is free. */
export function s3Usd(getRequests: number): number {
  return getRequests * S3_GET_USD;
}

/** What Athena bills for a query that scans so many bytes. */
export function athenaUsd(scannedBytes: number, pricePerTb: number): number {
  return (bytesBilled(scannedBytes) / TERABYTE) * pricePerTb;
}
