import type { FirehoseClient } from "@aws-sdk/client-firehose";
import type { FirehoseConfig } from "../../../config/output/kinesis-firehose.ts";
import { Connection, openClient } from "../aws/connection.ts";
import { haveExpired } from "../aws/fault.ts";
import { Fault } from "../retry.ts";
import { faultOf } from "./fault.ts";
import type { RecordBatch } from "./record-batch.ts";

type Sdk = typeof import("@aws-sdk/client-firehose");

export interface FirehoseRequests {
  /**
   * PutRecordBatch. The records that the service took are left out of the batch, whether it took all or threw a `Fault`
   * for the others: to repeat it sends those alone.
   */
  readonly put: (batch: RecordBatch) => Promise<void>;
}

/** Firehose's request by the AWS SDK, which is loaded at the first one. The signal ends what is under way. */
export function createFirehoseRequests(config: FirehoseConfig): (signal: AbortSignal) => FirehoseRequests {
  const connection = new Connection<{ readonly sdk: Sdk; readonly client: FirehoseClient }>({
    open: async () => {
      const { loadFirehose } = await import("../aws/sdk.ts");
      const sdk = await loadFirehose();
      return { sdk, client: await openClient(config, (options) => new sdk.FirehoseClient(options)) };
    },
    needsCredentials: haveExpired,
    faultOf: (error, request) => faultOf(error, request, config),
  });
  return (signal) => ({
    put: async (batch) => {
      const { RequestResponses = [], FailedPutCount = 0 } = await connection.send(
        "PutRecordBatch",
        async ({ sdk, client }, options) => await client.send(commandOf(sdk, batch), options),
        config.requestTimeoutMs,
        signal,
      );
      if (FailedPutCount === 0) return batch.keep(() => false);
      throw partialFault(batch, config.deliveryStream, { answers: RequestResponses, failed: FailedPutCount });
    },
  });
}

/** The body is made already: the SDK would make it of copies, one as base64 and one as JSON. */
function commandOf(sdk: Sdk, batch: RecordBatch) {
  const command = new sdk.PutRecordBatchCommand({ DeliveryStreamName: undefined, Records: undefined });
  command.middlewareStack.add(
    (next) => async (args) => {
      (args.request as { body: unknown }).body = batch.body();
      return await next(args);
    },
    { step: "build", priority: "high", name: "logqBody" },
  );
  return command;
}

type Answer = { readonly ErrorCode?: string | undefined; readonly ErrorMessage?: string | undefined };

function partialFault(
  batch: RecordBatch,
  deliveryStream: string,
  { answers, failed }: { answers: readonly Answer[]; failed: number },
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
