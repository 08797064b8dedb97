/**
 * Random statements of the dialect beside the same question in long form for a bare DuckDB: joins of CTEs, windows, set
 * operations, scopes in scopes, quoted names, comments, sugar, parameters. The long form comes by rules of its own, none
 * of the product's code.
 */

export interface Pair {
  readonly say: string;
  readonly spelt: string;
}

/** The values of `$s` and `$n`. */
export const PARAMS = { s: "it's", n: -7 } as const;

/** One of so many, from 0. */
export type Pick = (count: number) => number;

type Type = "text" | "number";

interface Column extends Pair {
  readonly type: Type;
}

/** What a clause can refer to. `logs` says how the table's columns are qualified, if it is among the tables. */
interface Scope {
  readonly columns: readonly Column[];
  readonly logs: string | null;
  /** An alias to correlate with, and one of its text columns; null without. */
  readonly outer: Column | null;
  readonly depth: number;
}

interface Cte {
  readonly name: Pair;
  readonly columns: readonly Column[];
}

interface Query extends Pair {
  readonly columns: readonly Column[];
}

/** Where any white space, or a comment, may stand: written by `spaced` at the end. */
const _ = "\u0001";
const GAPS = [" ", " ", " ", " ", "\n", "\t", " /* 注释 'x \"y */ ", '\n-- it\'s "not" $s\n'];
const JSON_LINES = (log: string): string => `CASE WHEN json_valid(${log}) THEN ${log} END`;
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];

/** Builds one statement out of choices. */
export function pairedStatement(pick: Pick): Pair {
  let names = 0;
  const fresh = (stem: string): string => `${stem}${++names}`;
  const one = <Item>(items: readonly Item[]): Item => items[pick(items.length)]!;
  const several = <Item>(most: number, make: () => Item): Item[] => Array.from({ length: 1 + pick(most) }, make);
  /** Not if 0 is picked: what is left out is simpler. */
  const isChance = (of: number): boolean => pick(of) === of - 1;
  /** Whether a CTE is called logs from here on. */
  let isShadowed = false;

  /** A name for a column, and how it is written in either text. */
  const alias = (): string =>
    one([fresh("c"), fresh("c"), `"${fresh("Größe ")}"`, `"${fresh("select ")}"`, `"${fresh('a""b')}"`]);

  function logsScope(qualifier: string | null, depth: number, outer: Column | null): Scope {
    const prefix = qualifier === null ? "" : `${qualifier}.`;
    const column = (name: string, type: Type): Column => ({
      say: `${prefix}${one([name, name, name, `"${name}"`, name.toUpperCase()])}`,
      spelt: `${prefix}${name}`,
      type,
    });
    const texts = ["pod", "namespace", "workload", "stream", "level", "hour", "node"].map((name) =>
      column(name, "text"),
    );
    return { columns: [...texts, column("pos", "number"), column("ts_ns", "number")], logs: prefix, outer, depth };
  }

  function sugar(prefix: string): Column {
    const field = (path: string, spelt: string): Column => ({
      say: `${prefix}log.${path}`,
      spelt: `json_extract_string(${JSON_LINES(`${prefix}log`)}, '${spelt}')`,
      type: "text",
    });
    const label = (said: string, key: string): Column => ({
      say: `${prefix}labels${said}`,
      spelt: `${prefix}labels['${key}']`,
      type: "text",
    });
    return one([
      field("msg", "$.msg"),
      field("http.method", "$.http.method"),
      field('http."x.y"', '$.http."x.y"'),
      field("http.codes[1].k", "$.http.codes[1].k"),
      field("status", "$.status"),
      label(".app", "app"),
      label("['team']", "team"),
      label('."app.kubernetes.io/name"', "app.kubernetes.io/name"),
    ]);
  }

  function columnOf(scope: Scope, type: Type): Column | null {
    const fitting = scope.columns.filter((column) => column.type === type);
    return fitting.length === 0 ? null : one(fitting);
  }

  function text(scope: Scope): Pair {
    const column = columnOf(scope, "text");
    if (column === null || isChance(8)) {
      return one([
        { say: "'it''s 买家 😀 $s -- x'", spelt: "'it''s 买家 😀 $s -- x'" },
        { say: "$s", spelt: "'it''s'" },
      ]);
    }
    if (scope.logs !== null && isChance(4)) return sugar(scope.logs);
    if (scope.depth <= 0) return column;
    const inner = { ...scope, depth: scope.depth - 1 };
    return one([
      () => column,
      () => column,
      () => call("upper", text(inner)),
      () => call("lower", text(inner)),
      () => joined(text(inner), "||", text(inner)),
      () => call("coalesce", text(inner), { say: "'none'", spelt: "'none'" }),
      () => call("substr", text(inner), { say: "2", spelt: "2" }, { say: "3", spelt: "3" }),
      () => choice(inner, text(inner), text(inner)),
      () => cast(number(inner), "varchar"),
    ])();
  }

  function number(scope: Scope): Pair {
    const column = columnOf(scope, "number");
    if (column === null || isChance(8))
      return one([
        { say: "7", spelt: "7" },
        { say: "$n", spelt: "(-7)" },
      ]);
    if (scope.depth <= 0) return column;
    const inner = { ...scope, depth: scope.depth - 1 };
    return one([
      () => column,
      () => column,
      () => joined(column, "+", { say: "$n", spelt: "(-7)" }),
      () => ({ say: `(${column.say}${_}/${_}7)`, spelt: `(${column.spelt} // 7)` }),
      () => joined(column, "%", { say: "7", spelt: "7" }),
      () => call("length", text(inner)),
      () => call("strpos", text(inner), { say: "'n'", spelt: "'n'" }),
      () => choice(inner, number(inner), number(inner)),
      () => call("mod", column, { say: "5", spelt: "5" }),
    ])();
  }

  function choice(scope: Scope, a: Pair, b: Pair): Pair {
    const when = predicate(scope);
    return {
      say: `case${_}when${_}${when.say}${_}then${_}${a.say}${_}else${_}${b.say}${_}end`,
      spelt: `CASE WHEN ${when.spelt} THEN ${a.spelt} ELSE ${b.spelt} END`,
    };
  }

  function predicate(scope: Scope): Pair {
    const inner = { ...scope, depth: scope.depth - 1 };
    const simple = [
      () => joined(text(inner), one(["=", "<>", "<", ">="]), { say: "'nginx'", spelt: "'nginx'" }),
      () => joined(text(inner), one(["=", "<>"]), { say: "$s", spelt: "'it''s'" }),
      () =>
        joined(
          text(inner),
          one(["like", "not like"]),
          one([
            { say: "'n%'", spelt: "'n%'" },
            { say: "'%_o%'", spelt: "'%_o%'" },
          ]),
        ),
      () => joined(number(inner), one(["=", "<", ">=", "<>"]), number(inner)),
      () => suffixed(text(inner), one(["is null", "is not null", "in ('nginx', 'pay-0')", "not in ('04', 'web')"])),
      () => suffixed(number(inner), one(["between 3 and 1500", "not between 100 and 2000", "in (1, 100, 300)"])),
      ...(scope.logs === null
        ? []
        : [() => leveled(scope.logs!), () => counted(scope.logs!), () => timed(scope.logs!)]),
    ];
    if (scope.depth <= 0) return one(simple)();
    return one([
      ...simple,
      ...simple,
      () => joined(predicate(inner), one(["and", "or"]), predicate(inner)),
      () => joined(predicate(inner), one(["and", "or"]), predicate(inner)),
      () => call("not ", predicate(inner)),
      ...(isShadowed ? [] : [() => within(inner)]),
      ...(scope.outer === null || isShadowed ? [] : [() => correlated(scope.outer!)]),
    ])();
  }

  function leveled(prefix: string): Pair {
    const [operator, keep] = one<readonly [string, (rank: number) => boolean]>([
      [">=", (rank) => rank >= 3],
      ["<", (rank) => rank < 3],
      ["=", (rank) => rank === 3],
      [">", (rank) => rank > 3],
    ]);
    const kept = LEVELS.filter((_level, rank) => keep(rank)).map((level) => `'${level}'`);
    return { say: `${prefix}level${_}${operator}${_}warn`, spelt: `${prefix}level IN (${kept.join(", ")})` };
  }

  function counted(prefix: string): Pair {
    const value = `TRY_CAST(json_extract_string(${JSON_LINES(`${prefix}log`)}, '$.status') AS DOUBLE)`;
    return one([
      { say: `${prefix}log.status${_}>=${_}210`, spelt: `${value} >= 210` },
      { say: `${prefix}log.status${_}=${_}$n`, spelt: `${value} = -7` },
      { say: `400.5${_}>${_}${prefix}log.status`, spelt: `400.5e0 > ${value}` },
    ]);
  }

  function timed(prefix: string): Pair {
    const at = "timestamp '2026-03-01 10:30:00'";
    const operator = one(["<", ">="]);
    return { say: `${prefix}ts${_}${operator}${_}${at}`, spelt: `${prefix}ts ${operator} ${at}` };
  }

  /** `x in (select …)`: another scope, with a table of its own. */
  function within(scope: Scope): Pair {
    const table = fresh("t");
    const inner = logsScope(one([table, null]), 1, null);
    const [left, right] = [text(scope), columnOf(inner, "text")!];
    const where = predicate(inner);
    return {
      say: `${left.say}${_}in${_}(select${_}${right.say}${_}from${_}logs${_}${table}${_}where${_}${where.say})`,
      spelt: `${left.spelt} IN (SELECT ${right.spelt} FROM stored AS ${table} WHERE ${where.spelt})`,
    };
  }

  function correlated(outer: Column): Pair {
    const table = fresh("t");
    const where = predicate(logsScope(table, 0, null));
    return {
      say: `exists${_}(select${_}1${_}from${_}logs${_}as${_}${table}${_}where${_}${table}.pod${_}=${_}${outer.say}${_}and${_}(${where.say}))`,
      spelt: `EXISTS (SELECT 1 FROM stored AS ${table} WHERE ${table}.pod = ${outer.spelt} AND (${where.spelt}))`,
    };
  }

  function withoutFrom() {
    return { said: "", spelt: " FROM stored AS logs", scope: logsScope(null, 2, null) };
  }

  function source(ctes: readonly Cte[], depth: number): { said: string; spelt: string; scope: Scope } {
    const table = fresh("t");
    const ofLogs = () => {
      const isAliased = isChance(2);
      const scope = logsScope(isAliased ? one([table, null]) : one(["logs", null]), 2, null);
      const outer = isAliased ? { say: `${table}.pod`, spelt: `${table}.pod`, type: "text" as const } : null;
      return isAliased
        ? {
            said: `${_}from${_}logs${_}${one(["as\u0001", ""])}${table}`,
            spelt: ` FROM stored AS ${table}`,
            scope: { ...scope, outer },
          }
        : { said: `${_}from${_}logs`, spelt: ` FROM stored AS logs`, scope };
    };
    const ofCte = () => {
      const cte = one(ctes);
      return {
        said: `${_}from${_}${cte.name.say}${_}as${_}${table}`,
        spelt: ` FROM ${cte.name.spelt} AS ${table}`,
        scope: { columns: qualified(cte.columns, one([table, null])), logs: null, outer: null, depth: 2 },
      };
    };
    const ofQuery = () => {
      const inner = select(ctes, depth - 1);
      return {
        said: `${_}from${_}(${inner.say})${_}as${_}${table}`,
        spelt: ` FROM (${inner.spelt}) AS ${table}`,
        scope: { columns: qualified(inner.columns, one([table, null])), logs: null, outer: null, depth: 2 },
      };
    };
    const ofJoin = () => {
      const [a, b] = [fresh("t"), fresh("t")];
      const [left, right] = [one(ctes), one(ctes)];
      const [on, by] = [left, right].map(({ columns }) => columns.find(({ type }) => type === "text")!);
      const kind = one(["join", "left join", "inner join"]);
      const [x, y] = [qualified([on!], a)[0]!, qualified([by!], b)[0]!];
      return {
        said: `${_}from${_}${left.name.say}${_}${a}${_}${kind.replace(" ", _)}${_}${right.name.say}${_}${b}${_}on${_}${x.say}${_}=${_}${y.say}`,
        spelt: ` FROM ${left.name.spelt} AS ${a} ${kind} ${right.name.spelt} AS ${b} ON ${x.spelt} = ${y.spelt}`,
        scope: {
          columns: [...qualified(left.columns, a), ...qualified(right.columns, b)],
          logs: null,
          outer: null,
          depth: 1,
        },
      };
    };
    return one([
      ...(isShadowed ? [] : [ofLogs, ofLogs, withoutFrom]),
      ...(ctes.length > 0 ? [ofCte, ofCte, ofJoin, ofJoin] : []),
      ...(depth > 0 ? [ofQuery] : []),
    ])();
  }

  /** A SELECT whose columns have these types; its text ends where an ORDER BY may follow. */
  function select(ctes: readonly Cte[], depth: number, types?: readonly Type[]): Query {
    const { said, spelt, scope } = source(ctes, depth);
    const wanted = types ?? ["text" as const, ...several(3, () => one<Type>(["text", "number"]))];
    const isGrouped = isChance(3);
    const values = wanted.map((type) =>
      isGrouped && type === "number" ? aggregate(scope) : item(scope, type, isGrouped),
    );
    const columns = wanted.map((type) => {
      const name = alias();
      return { say: name, spelt: name, type };
    });
    const where = isChance(2) ? predicate(scope) : null;
    const keys = isGrouped ? wanted.flatMap((type, i) => (type === "text" ? [i] : [])) : [];
    // Without FROM the rule needs a clause, or a column, to read logs by.
    const kept = where ?? (said === "" ? { say: "1 = 1", spelt: "1 = 1" } : null);
    const listed = (of: "say" | "spelt", gap: string): string =>
      values.map((value, i) => `${value[of]}${gap}as${gap}${columns[i]![of]}`).join(`,${gap}`);
    const group = keys.map((i) => i + 1).join(", ");
    return {
      say: `select${_}${listed("say", _)}${said}${kept === null ? "" : `${_}where${_}${kept.say}`}${isGrouped ? `${_}group${_}by${_}${group}` : ""}`,
      spelt: `SELECT ${listed("spelt", " ")}${spelt}${kept === null ? "" : ` WHERE ${kept.spelt}`}${isGrouped ? ` GROUP BY ${group}` : ""}`,
      columns,
    };
  }

  function item(scope: Scope, type: Type, isGrouped: boolean): Pair {
    if (type === "text") return isGrouped ? (columnOf(scope, "text") ?? text(scope)) : text(scope);
    return isChance(4) ? windowed(scope) : number(scope);
  }

  function aggregate(scope: Scope): Pair {
    const [n, x, when] = [number(scope), text(scope), predicate(scope)];
    // Not a path of `log`, which is a number inside of min.
    const column = columnOf(scope, "text") ?? { say: "'x'", spelt: "'x'" };
    return one([
      { say: "count(*)", spelt: "count(*)" },
      { say: `count(distinct${_}${x.say})`, spelt: `count(DISTINCT ${x.spelt})` },
      { say: `max(${n.say})`, spelt: `max(${n.spelt})` },
      { say: `length(min(${column.say}))`, spelt: `length(min(${column.spelt}))` },
      { say: `count(*)${_}filter${_}(where${_}${when.say})`, spelt: `count(*) FILTER (WHERE ${when.spelt})` },
      { say: `count_if(${when.say})`, spelt: `count(*) FILTER (WHERE ${when.spelt})` },
    ]);
  }

  /** Its order is that of all that could tell rows apart, so that rows that tie are alike. */
  function windowed(scope: Scope): Pair {
    const keys = [...scope.columns];
    const of = (side: "say" | "spelt"): string => keys.map((key) => key[side]).join(", ");
    const [n, x] = [columnOf(scope, "number"), columnOf(scope, "text")];
    const by =
      x === null
        ? { say: "", spelt: "" }
        : { say: `partition${_}by${_}${x.say}${_}`, spelt: `PARTITION BY ${x.spelt} ` };
    const over = {
      say: `over${_}(${by.say}order${_}by${_}${of("say")})`,
      spelt: `OVER (${by.spelt}ORDER BY ${of("spelt")})`,
    };
    const frame = "rows between 2 preceding and current row";
    const calls = [
      { say: `rank()${_}${over.say}`, spelt: `rank() ${over.spelt}` },
      { say: `dense_rank()${_}${over.say}`, spelt: `dense_rank() ${over.spelt}` },
      { say: `count(*)${_}over${_}()`, spelt: "count(*) OVER ()" },
    ];
    if (n !== null) {
      calls.push(
        { say: `lag(${n.say})${_}${over.say}`, spelt: `lag(${n.spelt}) ${over.spelt}` },
        {
          say: `max(${n.say})${_}${over.say.slice(0, -1)}${_}${frame})`,
          spelt: `max(${n.spelt}) ${over.spelt.slice(0, -1)} ${frame})`,
        },
      );
    }
    return one(calls);
  }

  function setOperation(ctes: readonly Cte[], depth: number): Query {
    const first = select(ctes, depth);
    const second = select(
      ctes,
      depth,
      first.columns.map(({ type }) => type),
    );
    const operator = one(["union all", "union", "intersect", "except"]);
    const brackets = isChance(4) ? ["(", ")"] : ["", ""];
    return {
      say: `${first.say}${_}${operator.replace(" ", _)}${_}${brackets[0]}${second.say}${brackets[1]}`,
      spelt: `${first.spelt} ${operator} ${brackets[0]}${second.spelt}${brackets[1]}`,
      columns: first.columns,
    };
  }

  /** A body with an order over all columns, so that a limit takes rows that no other could stand for. */
  function body(ctes: readonly Cte[], depth: number): Query {
    const query = isChance(3) ? setOperation(ctes, depth) : select(ctes, depth);
    if (isChance(2)) return query;
    const order = query.columns.map((_column, i) => `${i + 1}${one(["", " desc", " asc nulls first"])}`).join(", ");
    const limit = one(["", " limit 5", " offset 2 limit 9"]);
    const tail = ` order by ${order}${limit}`;
    return { ...query, say: `${query.say}${tail.replaceAll(" ", _)}`, spelt: `${query.spelt}${tail}` };
  }

  function whole(): Pair {
    if (isChance(6)) return condition();
    const ctes: Cte[] = [];
    for (let left = pick(4); left > 0; left--) {
      const { columns, say, spelt } = body(ctes, 1);
      const said = one([fresh("e"), fresh("e"), `"${fresh("E ü")}"`, isShadowed ? fresh("e") : "logs"]);
      definitions.push({
        say: `${said}${_}as${_}(${say})`,
        spelt: `${said === "logs" ? "shadow" : said} AS (${spelt})`,
      });
      isShadowed ||= said === "logs";
      ctes.push({ name: { say: said, spelt: said === "logs" ? "shadow" : said }, columns });
    }
    const main = body(ctes, 2);
    if (definitions.length === 0) return main;
    return {
      say: `with${_}${definitions.map(({ say }) => say).join(`,${_}`)}${_}${main.say}`,
      spelt: `WITH ${definitions.map(({ spelt }) => spelt).join(", ")} ${main.spelt}`,
    };
  }

  /** A condition alone. */
  function condition(): Pair {
    const where = predicate(logsScope(one(["logs", null]), 3, null));
    return {
      say: `${one(["", "where\u0001"])}${where.say}`,
      spelt: `SELECT * FROM stored AS logs WHERE ${where.spelt}`,
    };
  }

  const definitions: Pair[] = [];
  const { say, spelt } = whole();
  return { say: say.replaceAll(_, () => one(GAPS)) + one(["", "", ";", "\n", " -- end"]), spelt };
}

function qualified(columns: readonly Column[], qualifier: string | null): Column[] {
  const prefix = qualifier === null ? "" : `${qualifier}.`;
  return columns.map(({ say, spelt, type }) => ({ say: prefix + say, spelt: prefix + spelt, type }));
}

function call(name: string, ...args: readonly Pair[]): Pair {
  return {
    say: `${name}(${args.map(({ say }) => say).join(`,${_}`)})`,
    spelt: `${name}(${args.map(({ spelt }) => spelt).join(", ")})`,
  };
}

function cast({ say, spelt }: Pair, type: string): Pair {
  return { say: `cast(${say}${_}as${_}${type})`, spelt: `CAST(${spelt} AS ${type})` };
}

function joined(a: Pair, operator: string, b: Pair): Pair {
  return { say: `(${a.say}${_}${operator.replace(" ", _)}${_}${b.say})`, spelt: `(${a.spelt} ${operator} ${b.spelt})` };
}

function suffixed(a: Pair, suffix: string): Pair {
  return { say: `(${a.say}${_}${suffix})`, spelt: `(${a.spelt} ${suffix})` };
}
