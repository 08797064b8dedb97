import { expect, test } from "vitest";
import { driftOf, glueTableInput, updatedTableInput } from "../../query/catalog/glue-table.ts";
import { hiveTable } from "../../query/catalog/hive-table.ts";
import type { GlueCatalog } from "../../query/catalog/glue.ts";
import { workGroupConfiguration, type WorkGroups } from "../../query/catalog/work-group.ts";

const WANTED = hiveTable({ location: "s3://my-logs/eks", database: "db", table: "logs", days: 400 });

/** What our servers claim of Glue and of Athena's workgroups, run against them and against moto. `name` gives unused names. */
export function catalogClaims(
  of: string,
  open: () => Promise<{ glue: GlueCatalog; groups: WorkGroups; name: () => string } & AsyncDisposable>,
): void {
  test(`${of}: a database and a table that are not there are not there, and no error`, async () => {
    await using opened = await open();
    const [{ glue }, database] = [opened, opened.name()];
    expect(await glue.hasDatabase(database)).toBe(false);
    expect(await glue.readTable(database, "logs")).toBe(null);
    await glue.createDatabase(database);
    expect(await glue.hasDatabase(database)).toBe(true);
    expect(await glue.readTable(database, "logs")).toBe(null);
  });

  test(`${of}: a database may be made twice, a table may not`, async () => {
    await using opened = await open();
    const [{ glue }, database] = [opened, opened.name()];
    await glue.createDatabase(database);
    await glue.createDatabase(database);
    await glue.createTable(database, glueTableInput(WANTED));
    await expect(glue.createTable(database, glueTableInput(WANTED))).rejects.toThrow(
      `create table ${database}.logs: AlreadyExistsException`,
    );
    await expect(glue.createTable(`${database}-not`, glueTableInput(WANTED))).rejects.toThrow(
      "EntityNotFoundException",
    );
  });

  test(`${of}: a table is read back as it was made, and an update ends its drift`, async () => {
    await using opened = await open();
    const [{ glue }, database] = [opened, opened.name()];
    await glue.createDatabase(database);
    await glue.createTable(database, glueTableInput(WANTED));
    expect(driftOf((await glue.readTable(database, "logs"))!, WANTED)).toEqual([]);
    const other = hiveTable({ location: "s3://other", database, table: "logs", days: 30 });
    const found = (await glue.readTable(database, "logs"))!;
    expect(driftOf(found, other).map(({ what }) => what)).toEqual([
      "location",
      "projection.dt.range",
      "storage.location.template",
    ]);
    await glue.updateTable(database, updatedTableInput(found, other));
    expect(driftOf((await glue.readTable(database, "logs"))!, other)).toEqual([]);
  });

  test(`${of}: a workgroup that is not there is none; one is read back as it was made`, async () => {
    await using opened = await open();
    const [{ groups }, name] = [opened, opened.name()];
    expect(await groups.read(name)).toBe(null);
    const wish = { name, bytesCutoff: 20_000_000, outputLocation: "s3://results/a/" };
    await groups.create(wish);
    expect((await groups.read(name))!.Configuration).toMatchObject(workGroupConfiguration(wish));
  });
}
