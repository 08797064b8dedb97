import type { Database, Table, TableInput } from "@aws-sdk/client-glue";
import { Refusal, startJsonServer, type JsonFault, type JsonServer, type JsonServerOptions } from "./json-server.ts";

/**
 * Databases and tables of AWS Glue's Data Catalog, by the request loop of json-server.ts. Checked against an
 * implementation that we did not write by `npm run test:aws`.
 */
export interface GlueServer extends JsonServer<JsonFault> {
  /** A table as it is stored; undefined if there is none. May be changed. */
  table(database: string, name: string): Table | undefined;
}

interface Asked {
  readonly Name?: string;
  readonly DatabaseName?: string;
  readonly DatabaseInput?: Database;
  readonly TableInput?: TableInput;
}

export async function startGlueServer(options: JsonServerOptions = {}): Promise<GlueServer> {
  const databases = new Map<string, Map<string, Table>>();
  const server = await startJsonServer<Asked, JsonFault>(
    {
      target: "AWSGlue",
      refusals: {},
      parse: (_, body) => JSON.parse(body.toString()) as Asked,
      keyOf: ({ DatabaseName, Name, DatabaseInput, TableInput: table }) =>
        [DatabaseName, Name ?? DatabaseInput?.Name ?? table?.Name].filter(Boolean).join("."),
      perform: (operation, asked) => ({ answer: perform(databases, operation, asked), taken: 0 }),
      stats: () => ({ databases: databases.size }),
    },
    options,
  );
  return Object.assign(server, { table: (database: string, name: string) => databases.get(database)?.get(name) });
}

function perform(databases: Map<string, Map<string, Table>>, operation: string, asked: Asked): object {
  const { Name = "", DatabaseName = "", DatabaseInput, TableInput: input } = asked;
  const name = input?.Name ?? Name;
  switch (operation) {
    case "GetDatabase":
      databaseOf(databases, Name);
      return { Database: { Name } };
    case "CreateDatabase": {
      const created = DatabaseInput!.Name!;
      if (databases.has(created)) throw exists(`Database ${created}`);
      databases.set(created, new Map());
      return {};
    }
    case "GetTable":
      return { Table: tableOf(databaseOf(databases, DatabaseName), name) };
    case "CreateTable": {
      const tables = databaseOf(databases, DatabaseName);
      if (tables.has(name)) throw exists(`Table ${name}`);
      tables.set(name, { ...input, Name: name, DatabaseName });
      return {};
    }
    case "UpdateTable": {
      const tables = databaseOf(databases, DatabaseName);
      tableOf(tables, name);
      tables.set(name, { ...input, Name: name, DatabaseName });
      return {};
    }
    default:
      throw new Refusal(400, "UnknownOperationException", operation);
  }
}

function databaseOf(databases: Map<string, Map<string, Table>>, name: string): Map<string, Table> {
  const found = databases.get(name);
  if (found === undefined) throw new Refusal(400, "EntityNotFoundException", `Database ${name} not found.`);
  return found;
}

function tableOf(tables: Map<string, Table>, name: string): Table {
  const found = tables.get(name);
  if (found === undefined) throw new Refusal(400, "EntityNotFoundException", `Table ${name} not found.`);
  return found;
}

function exists(what: string): Refusal {
  return new Refusal(400, "AlreadyExistsException", `${what} already exists.`);
}
