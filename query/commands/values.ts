import { answer } from "../answer.ts";
import { CliError } from "../cli-error.ts";
import { compose, inUsersText } from "../dialect/composed.ts";
import { parseOptions } from "../options.ts";
import type { Command } from "./command.ts";

/** Values shown if `--limit` is not given. */
const VALUES_DEFAULT = 100;

/** A query like any other, asked of the same engine. */
export const values: Command = {
  usage: "values FIELD [options]",
  help: `FIELD is a column (pod), a field of JSON messages (log.status) or a label
(labels.app). Options of queries hold: time, scope, --store, --cluster, -o;
--limit N|all (${VALUES_DEFAULT}, the most frequent).

  logq values namespace
  logq values log.status -w shop --since 1h
  logq values "labels['app.kubernetes.io/name']" -o json
`,
  async run(argv, io) {
    const options = parseOptions(argv);
    const [field, ...others] = options.words;
    if (field === undefined)
      throw new CliError("values of what?", "name a field: logq values pod; logq schema lists them");
    if (others.length > 0)
      throw new CliError(
        `values ${options.words.join(" ")}: one field at a time`,
        "for several write a query with group by",
      );
    const all = { start: 0, end: field.length };
    const composed = compose(field, [
      "select ",
      all,
      " as value, count(*) as n from logs group by 1 order by 2 desc, 1",
    ]);
    const limit = options.limit === undefined ? VALUES_DEFAULT : options.limit;
    try {
      return await answer({ ...options, words: [], limit }, composed.text, io);
    } catch (error) {
      throw inUsersText(error, composed);
    }
  },
};
