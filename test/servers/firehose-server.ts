import { Refusal, startJsonServer, type JsonFault, type JsonServer, type JsonServerOptions } from "./json-server.ts";

/** What a rule's `key` is looked for in: the start of a request's first record. */
const KEY_BYTES = 1000;
const RECORDS_MAX = 500;
const REQUEST_BYTES_MAX = 4 * 1024 * 1024;
const RECORD_BYTES_MAX = 1000 * 1024;

/**
 * Beside those of every service:
 *
 *   partial           of the records half are taken, drawn at random; the others fail with ServiceUnavailableException
 *   partial-internal  the same with InternalFailure
 *   kms-disabled      400 InvalidKMSResourceException
 *   wrong-source      400 InvalidSourceException
 */
export type FirehoseFault = JsonFault | keyof typeof REFUSALS | "partial" | "partial-internal";

const REFUSALS = {
  "kms-disabled": [400, "InvalidKMSResourceException", "The KMS key is disabled"],
  "wrong-source": [400, "InvalidSourceException", "The stream does not take records by PutRecordBatch"],
} as const;

export interface FirehoseServerOptions extends JsonServerOptions {
  /** Delivery streams that are there. */
  readonly streams?: readonly string[];
  /** Takes the records of a request instead of memory: bodies of a long run. `isAnswered`: false if the answer is lost or an error. */
  readonly sink?: (stream: string, records: readonly Buffer[], isAnswered: boolean) => void;
  /** A record for which the whole request is refused: what the documentation does not say. */
  readonly refuses?: (record: Buffer) => boolean;
}

interface FirehoseStats {
  readonly records: number;
  readonly bytes: number;
  readonly requestBytesMost: number;
  readonly recordsMost: number;
}

/**
 * Firehose's PutRecordBatch as the service documents it (its limits enforced), by the request loop of json-server.ts.
 * Checked against an implementation that we did not write by `npm run test:aws`.
 */
export interface FirehoseServer extends JsonServer<FirehoseFault> {
  /** The records that a stream took, in order. */
  records(stream?: string): readonly Buffer[];
  readonly stats: () => FirehoseStats & ReturnType<JsonServer<FirehoseFault>["stats"]>;
}

export async function startFirehoseServer(options: FirehoseServerOptions = {}): Promise<FirehoseServer> {
  const streams = new Map((options.streams ?? ["logs"]).map((name) => [name, [] as Buffer[]]));
  const counts = { records: 0, bytes: 0, requestBytesMost: 0, recordsMost: 0 };
  let lastId = 0;
  const service: JsonServer<FirehoseFault> = await startJsonServer<Asked, FirehoseFault>(
    {
      target: "Firehose_20150804",
      typePrefix: "com.amazonaws.firehose#",
      refusals: REFUSALS,
      parse: (operation, body) => {
        counts.requestBytesMost = Math.max(counts.requestBytesMost, body.length);
        return parse(operation, body, streams);
      },
      keyOf: ({ records }) => records[0]!.toString("latin1", 0, KEY_BYTES),
      perform: (_, { stream, records }, fault) => {
        if (records.some((record) => options.refuses?.(record) === true)) throw invalid("Record is not valid");
        const isPartial = fault?.startsWith("partial") === true;
        const isTaken = records.map(() => !(isPartial && service.faults.random() < 0.5));
        const taken = records.filter((__, index) => isTaken[index]);
        take(stream, taken, fault?.endsWith("-after") !== true);
        const code = fault === "partial-internal" ? "InternalFailure" : "ServiceUnavailableException";
        const failed = { ErrorCode: code, ErrorMessage: "Slow down." };
        const answer = {
          FailedPutCount: records.length - taken.length,
          Encrypted: false,
          RequestResponses: isTaken.map((each) => (each ? { RecordId: `${++lastId}` } : failed)),
        };
        return { answer, taken: taken.length };
      },
      stats: () => counts,
    },
    options,
  );

  function take(stream: string, records: readonly Buffer[], isAnswered: boolean): void {
    counts.records += records.length;
    counts.recordsMost = Math.max(counts.recordsMost, records.length);
    for (const { length } of records) counts.bytes += length;
    if (options.sink === undefined) streams.get(stream)!.push(...records);
    else options.sink(stream, records, isAnswered);
  }

  return {
    ...service,
    records: (stream = "logs") => streams.get(stream)!,
    stats: () => ({ ...service.stats(), ...counts }),
  };
}

interface Asked {
  readonly stream: string;
  readonly records: readonly Buffer[];
}

const invalid = (message: string) => new Refusal(400, "InvalidArgumentException", message);

/** The request, if it is one that Firehose takes. */
function parse(operation: string, body: Buffer, streams: ReadonlyMap<string, unknown>): Asked {
  if (operation !== "PutRecordBatch") throw new Refusal(400, "UnknownOperationException", "Unknown operation");
  const { DeliveryStreamName: stream, Records } = JSON.parse(body.toString("latin1")) as {
    DeliveryStreamName: string;
    Records: readonly { readonly Data: string }[];
  };
  if (!streams.has(stream))
    throw new Refusal(400, "ResourceNotFoundException", `Firehose ${stream} not found under account 123456789012.`);
  if (Records.length === 0 || Records.length > RECORDS_MAX) throw invalid("1 to 500 records are taken");
  if (body.length > REQUEST_BYTES_MAX) throw invalid("Records size exceeds 4 MB limit");
  const records = Records.map(({ Data }) => Buffer.from(Data, "base64"));
  for (const [index, { length }] of records.entries()) {
    if (records[index]!.toString("base64") !== Records[index]!.Data) throw invalid("Data is not base64");
    if (length === 0 || length > RECORD_BYTES_MAX) throw invalid("A record has 1 to 1,024,000 bytes");
  }
  return { stream, records };
}
