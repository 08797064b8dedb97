/** AWS Glue's Data Catalog, as far as `init` and `doctor` need it. */
import type { Glue, Table, TableInput } from "@aws-sdk/client-glue";
import { clientOptions, type AwsAccess } from "../aws/client-options.ts";
import { requestError, type AwsError } from "../aws/request-error.ts";

/** Each method throws CliError (exit 4) with what to do where Glue refuses. */
export interface GlueCatalog {
  hasDatabase(database: string): Promise<boolean>;
  createDatabase(database: string): Promise<void>;
  /** Null: there is none. */
  readTable(database: string, table: string): Promise<Table | null>;
  createTable(database: string, input: TableInput): Promise<void>;
  updateTable(database: string, input: TableInput): Promise<void>;
  /** Where it asks: the context's region, or what the SDK finds. */
  region(): Promise<string>;
}

/** Loads the SDK. Source: Glue's API reference. */
export async function openGlue(
  access: AwsAccess,
  env: Readonly<Record<string, string | undefined>>,
  abortSignal: AbortSignal,
): Promise<GlueCatalog> {
  const { Glue: Client } = await (await import("../aws/sdk.ts")).loadGlue();
  const client = new Client(clientOptions(access, env, "GLUE"));
  const ask = asker(client, abortSignal);
  return {
    hasDatabase: async (Name) =>
      (await ask(`read database ${Name}`, (glue, at) => glue.getDatabase({ Name }, at), "EntityNotFoundException")) !==
      null,
    // Somebody else may have made it meanwhile.
    createDatabase: async (Name) => {
      const DatabaseInput = { Name, Description: "logs that logq-agent stored" };
      const action = `create database ${Name}`;
      await ask(action, (glue, at) => glue.createDatabase({ DatabaseInput }, at), "AlreadyExistsException");
    },
    readTable: async (DatabaseName, Name) => {
      const action = `read table ${DatabaseName}.${Name}`;
      const found = await ask(
        action,
        (glue, at) => glue.getTable({ DatabaseName, Name }, at),
        "EntityNotFoundException",
      );
      return found?.Table ?? null;
    },
    createTable: async (DatabaseName, input) => {
      const action = `create table ${DatabaseName}.${input.Name}`;
      await ask(action, (glue, at) => glue.createTable({ DatabaseName, TableInput: input }, at));
    },
    updateTable: async (DatabaseName, input) => {
      const action = `update table ${DatabaseName}.${input.Name}`;
      await ask(action, (glue, at) => glue.updateTable({ DatabaseName, TableInput: input }, at));
    },
    region: async () => {
      try {
        return await client.config.region();
      } catch (error) {
        throw requestError("ask AWS Glue", error as AwsError);
      }
    },
  };
}

type Call<T> = (client: Glue, options: { readonly abortSignal: AbortSignal }) => Promise<T>;

function asker(client: Glue, abortSignal: AbortSignal) {
  /** Null for the error that `expected` names. */
  return async <T>(action: string, call: Call<T>, expected?: string): Promise<T | null> => {
    try {
      return await call(client, { abortSignal });
    } catch (error) {
      if (expected !== undefined && (error as Error).name === expected) return null;
      abortSignal.throwIfAborted();
      throw requestError(action, error as AwsError);
    }
  };
}
