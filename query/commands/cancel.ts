import { CliError, EXIT } from "../cli-error.ts";
import { readContext } from "../context.ts";
import { parseOptions } from "../options.ts";
import { note } from "../report.ts";
import type { Command } from "./command.ts";

export const cancel: Command = {
  usage: "cancel QUERY_ID [--context NAME]",
  help: `Stops a query on Athena, whoever started it, and says what it is billed. Ids
are in logq history and in the AWS console. Ctrl-C stops the query that logq
waits for.
`,
  async run(argv, io) {
    const options = parseOptions(argv);
    const [queryId, ...more] = options.words;
    if (queryId === undefined || more.length > 0 || !/^[\w-]{1,128}$/.test(queryId)) {
      throw new CliError("cancel takes the id of one query", "logq history lists them: logq cancel 8a2e…");
    }
    const context = await readContext(options, io.env, io.cwd);
    const { cancelAthenaQuery } = await import("../engine/athena/cancel.ts");
    const { usdText } = await import("../engine/athena/cost.ts");
    const receipt = await cancelAthenaQuery({ context, env: io.env }, queryId, io.signal);
    const what = receipt.state === "cancelled" ? "stopped" : `had ${receipt.state} already`;
    if (!options.quiet) note(io, `${queryId} ${what}: ${receipt.scannedBytes} bytes scanned, ${usdText(receipt.usd)}`);
    return EXIT.ok;
  },
};
