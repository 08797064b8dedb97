/** List prices of AWS in most regions, in US dollars. Source: the pricing pages of Amazon S3 and Amazon Athena. */
import { bytesBilled, TERABYTE } from "./engine/athena/cost.ts";

/** Of requests to S3, in US dollars for a thousand. */
export interface RequestPrices {
  readonly perThousandGets: number;
  readonly perThousandLists: number;
}

export const REQUEST_PRICES: RequestPrices = { perThousandGets: 0.0004, perThousandLists: 0.005 };

/** What finding and reading objects of S3 costs in requests; transfer within the region is free. */
export function s3Usd(gets: number, lists: number, prices: RequestPrices): number {
  return (gets * prices.perThousandGets + lists * prices.perThousandLists) / 1000;
}

/** What Athena bills for a query that scans so many bytes. */
export function athenaUsd(scannedBytes: number, pricePerTb: number): number {
  return (bytesBilled(scannedBytes) / TERABYTE) * pricePerTb;
}
