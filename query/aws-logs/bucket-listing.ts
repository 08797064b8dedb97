/** Which files of a service a bucket has, by few requests: accounts and regions as folders, then keys from a day on. */
import type { ListPage } from "../store/s3/list-page.ts";
import { foldersIn } from "../store/s3/listing.ts";
import type { S3Requests } from "../store/s3/requests.ts";
import type { FoundFile, Wanted } from "./store.ts";

type List = S3Requests["list"];

/** Keys below `root`, whole. With a root inside of `AWSLogs/` everything below it is listed. */
export async function* listFiles(
  list: List,
  root: string,
  wanted: Wanted,
  signal: AbortSignal,
): AsyncGenerator<FoundFile> {
  if (root.includes("AWSLogs/")) {
    yield* listKeys(list, { prefix: root }, null, signal);
    return;
  }
  const accounts = await accountFolders(list, `${root}AWSLogs/`, wanted, signal);
  const regions = await Promise.all(accounts.map((account) => regionFolders(list, account, wanted, signal)));
  for (const region of regions.flat()) yield* listRegion(list, region, wanted, signal);
}

/** The accounts and regions that a bucket has files of a service of. */
export async function placesOf(
  list: List,
  root: string,
  layout: Wanted["layout"],
  signal: AbortSignal,
): Promise<{ accounts: string[]; regions: string[] }> {
  const wanted = anyOf(layout);
  // Athena's table names folders by their values alone.
  const accounts = (await accountFolders(list, `${root}AWSLogs/`, wanted, signal)).filter(({ isHive }) => !isHive);
  const regions = await Promise.all(accounts.map((account) => regionFolders(list, account, wanted, signal)));
  return { accounts: namesOf(accounts.filter((_, i) => regions[i]!.length > 0)), regions: namesOf(regions.flat()) };
}

/** Whether a bucket has files of a service, of any time. */
export async function hasService(
  list: List,
  root: string,
  layout: Wanted["layout"],
  signal: AbortSignal,
): Promise<boolean> {
  const accounts = await accountFolders(list, `${root}AWSLogs/`, anyOf(layout), signal);
  const regions = await Promise.all(accounts.map((account) => regionFolders(list, account, anyOf(layout), signal)));
  return regions.flat().length > 0;
}

function anyOf(layout: Wanted["layout"]): Wanted {
  return { layout, range: { from: null, to: null }, accounts: null, regions: null };
}

function namesOf(folders: readonly Folder[]): string[] {
  return [...new Set(folders.map(({ prefix }) => nameOf(prefix)))].toSorted();
}

/** A folder, and whether its names are `name=value`, as Hive has them (VPC flow logs may be stored so). */
interface Folder {
  readonly prefix: string;
  readonly isHive: boolean;
}

/** Of accounts, and of those of an organization. */
async function accountFolders(list: List, prefix: string, wanted: Wanted, signal: AbortSignal): Promise<Folder[]> {
  const folders = await foldersIn(list, prefix, signal);
  const inner = folders.filter((folder) => /^o-[a-z0-9]+$/.test(nameOf(folder)));
  const below = await Promise.all(inner.map((folder) => accountFolders(list, folder, wanted, signal)));
  const own = folders.flatMap((folder): Folder[] => {
    const [, hive, account] = /^(aws-account-id=)?(\d{12})$/.exec(nameOf(folder)) ?? [];
    const isWanted = account !== undefined && (wanted.accounts?.includes(account) ?? true);
    return isWanted ? [{ prefix: folder, isHive: hive !== undefined }] : [];
  });
  return [...own, ...below.flat()];
}

async function regionFolders(
  list: List,
  { prefix, isHive }: Folder,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Folder[]> {
  const service = isHive ? `aws-service=${wanted.layout.service}` : wanted.layout.service;
  const folders = await foldersIn(list, `${prefix}${service}/`, signal);
  return folders
    .filter((folder) => wanted.regions?.includes(nameOf(folder).replace("aws-region=", "")) ?? true)
    .map((folder) => ({ prefix: folder, isHive }));
}

/** The files of a region, from the first day of the range to the last in which one of its events may have been stored. */
function listRegion(
  list: List,
  { prefix, isHive }: Folder,
  { range, layout }: Wanted,
  signal: AbortSignal,
): AsyncGenerator<FoundFile> {
  const first = range.from === null ? null : `${prefix}${dayPath(msOf(range.from), isHive)}`;
  const last = range.to === null ? null : `${prefix}${dayPath(msOf(range.to - 1n) + layout.lateMs, isHive)}`;
  return listKeys(list, { prefix, ...(first !== null && { after: first }) }, last, signal);
}

/** All keys; with `last`, up to those in that folder. */
async function* listKeys(
  list: List,
  query: { readonly prefix: string; readonly after?: string },
  last: string | null,
  signal: AbortSignal,
): AsyncGenerator<FoundFile> {
  for (let token: string | undefined; ;) {
    const page: ListPage = await list({ ...query, token }, signal);
    for (const object of page.objects) {
      // "0" is what follows "/" in the order of keys.
      if (last !== null && object.key > `${last}0`) return;
      yield object;
    }
    if (page.next === null) return;
    token = page.next;
  }
}

function nameOf(folder: string): string {
  return folder.split("/").at(-2) ?? "";
}

function msOf(ns: bigint): number {
  return Number(ns / 1_000_000n);
}

function dayPath(ms: number, isHive: boolean): string {
  const [year, month, day] = new Date(ms).toISOString().slice(0, 10).split("-");
  return isHive ? `year=${year}/month=${month}/day=${day}` : `${year}/${month}/${day}`;
}
