import type { FirehoseConfig } from "../../../config/output/kinesis-firehose.ts";
import { Connection } from "../aws/connection.ts";
import { haveExpired } from "../aws/fault.ts";
import { jsonErrorOf, jsonOf, jsonRequest } from "../aws/json-protocol.ts";
import { Fault } from "../retry.ts";
import { faultOf } from "./fault.ts";
import type { RecordBatch } from "./record-batch.ts";

const TARGET = "Firehose_20150804";

export interface FirehoseRequests {
  /**
   * PutRecordBatch. The records that the service took are left out of the batch, whether it took all or threw a `Fault`
   * for the others: to repeat it sends those alone.
   */
  readonly put: (batch: RecordBatch) => Promise<void>;
}

/** Firehose's request. The signal ends what is under way. */
export function createFirehoseRequests(config: FirehoseConfig): (signal: AbortSignal) => FirehoseRequests {
  const connection = new Connection({
    open: async () => {
      const { openService } = await import("../../../aws/service.ts");
      return await openService("firehose", config);
    },
    errorOf: jsonErrorOf,
    needsCredentials: haveExpired,
    faultOf: (error, request) => faultOf(error, request, config),
  });
  return (signal) => ({
    put: async (batch) => {
      const request = jsonRequest(TARGET, "PutRecordBatch", [batch.body()]);
      const limits = { timeoutMs: config.requestTimeoutMs, signal };
      const answer = await connection.send("PutRecordBatch", request, limits);
      const { RequestResponses: answers = [], FailedPutCount: failed = 0 } = jsonOf<PutAnswer>(answer);
      if (failed === 0) return batch.keep(() => false);
      throw partialFault(batch, config.deliveryStream, { answers, failed });
    },
  });
}

/** What PutRecordBatch answers. https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html */
interface PutAnswer {
  readonly FailedPutCount: number;
  /** One for each record, in their order. */
  readonly RequestResponses: readonly RecordAnswer[];
}

type RecordAnswer = { readonly ErrorCode?: string; readonly ErrorMessage?: string };

function partialFault(
  batch: RecordBatch,
  deliveryStream: string,
  { answers, failed }: { answers: readonly RecordAnswer[]; failed: number },
): Fault {
  const sent = batch.records;
  const refused = answers.find(({ ErrorCode }) => ErrorCode !== undefined);
  // Who has not been told which failed sends all of them again.
  if (answers.length === sent && refused !== undefined) batch.keep((index) => answers[index]!.ErrorCode !== undefined);
  const code = refused?.ErrorCode ?? "PartialFailure";
  return new Fault(
    code === "InternalFailure" ? "retryable" : "throttled",
    code,
    `PutRecordBatch to delivery stream ${deliveryStream}: ${failed} of ${sent} records failed: ${code}: ${refused?.ErrorMessage ?? "no reason given"}`,
    null,
  );
}
