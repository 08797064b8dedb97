import { describe, expect, test } from "vitest";
import type { BuiltInMultiline } from "../../../../config/multiline.ts";
import { criLines, recordsFrom } from "./records.ts";

const JAVA = `Exception in thread "main" java.lang.IllegalStateException: A book has a null property
\tat com.example.myproject.Author.getBookIds(Author.java:38)
\tat java.base/java.lang.reflect.Method.invoke(Method.java:568)
\tSuppressed: java.lang.Exception: close failed
\t\tat com.example.myproject.Pool.close(Pool.java:9)
\t\t... 2 more
Caused by: java.lang.NullPointerException
\tat com.example.myproject.Book.getId(Book.java:22)
\t... 23 common frames omitted`;

const JAVASCRIPT = `/app/server.js:10
TypeError: Cannot read properties of undefined (reading 'id')
    at handler (/app/server.js:10:15)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)`;

const DETAIL = `org.postgresql.util.PSQLException: ERROR: duplicate key value
  Detail: Key (id)=(1) already exists.
\tat org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2733)
\tat org.postgresql.core.v3.QueryExecutorImpl.processResults(QueryExecutorImpl.java:2420)`;

const PYTHON = `Traceback (most recent call last):
  File "/app/main.py", line 10, in <module>
    run(config)
    ~~~^^^^^^^^
  File "<frozen importlib._bootstrap>", line 228, in _call_with_frames_removed
  File "/app/run.py", line 4, in run
    run(config)
  [Previous line repeated 967 more times]
  File "/app/run.py", line 9, in run
    raise app.errors.StartError("no port")
app.errors.StartError: no port`;

const GO = `panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x10a6e8f]

goroutine 1 [running]:
main.(*server).handle(0xc00001c0a8, 0x0)
	/app/main.go:12 +0x2f
main.main()
	/app/main.go:7 +0x1d

goroutine 18 [chan receive, 2 minutes]:
main.work(...)
	/app/work.go:9
created by main.start
	/app/start.go:5 +0x7c`;

const GO_HTTP = `2026/11/21 05:00:00 http: panic serving 10.0.0.7:52100: boom
goroutine 34 [running]:
net/http.(*conn).serve.func1(0xc0000a0000)
	/usr/local/go/src/net/http/server.go:1801 +0x147`;

const RUBY = `/app/lib/checkout.rb:42:in \`total': undefined method \`price' for nil (NoMethodError)
	from /app/lib/checkout.rb:17:in \`map'
	from /app/bin/server:8:in \`<main>'`;

describe.each<[BuiltInMultiline, string, string]>([
  ["java", "a trace with a suppressed exception and a cause", JAVA],
  ["python", "a traceback with marks, frames without code and repeated ones", PYTHON],
  ["go", "a panic with its signal and two goroutines", GO],
  ["go", "what net/http says of a panic", GO_HTTP],
  ["ruby", "a backtrace", RUBY],
])("%s joins", (parser, what, trace) => {
  test(`${what} between other lines`, () => {
    const { logs } = recordsFrom(criLines(`before\n${trace}\nafter`), [parser]);
    expect(logs).toEqual(["before", trace, "after"]);
  });

  test(`${what}, among the other parsers, and in a file without CRI's prefixes`, () => {
    const text = `before\n${trace}\nafter\n${trace}\n`;
    const { logs } = recordsFrom(text, ["java", "python", "go", "ruby"], { framing: "plain" });
    expect(logs).toEqual(["before", trace, "after", trace]);
  });
});

test("java joins a trace of JavaScript from the line that names the error", () => {
  const [place, ...trace] = JAVASCRIPT.split("\n");
  expect(recordsFrom(criLines(JAVASCRIPT), ["java"]).logs).toEqual([place, trace.join("\n")]);
});

test("java ends at a line it does not know, and joins what comes after that would have continued it, as Fluent Bit does", () => {
  const [exception, detail, ...frames] = DETAIL.split("\n");
  expect(recordsFrom(criLines(DETAIL), ["java"]).logs).toEqual([exception, detail, frames.join("\n")]);
});

test("java ends a record before the exception that is nested, as Fluent Bit does", () => {
  const [outer, nested] = ["javax.mail.MessagingException: no\n  nested exception is:", "\tjava.net.ConnectException: refused\n\tat a.B.c(B.java:1)"]; // prettier-ignore
  expect(recordsFrom(criLines(`${outer}\n${nested}`), ["java"]).logs).toEqual([outer, nested]);
});

test("two exceptions that follow each other are two records", () => {
  expect(recordsFrom(criLines(`${JAVA}\n${JAVA}\n${PYTHON}\n${GO}`), ["java", "python", "go"]).logs).toEqual([JAVA, JAVA, PYTHON, GO]); // prettier-ignore
});

test("of chained exceptions of Python each traceback is a record, and what stands between them is not in one", () => {
  const between = "\nDuring handling of the above exception, another exception occurred:\n";
  const { logs } = recordsFrom(criLines(`${PYTHON}\n${between}\n${PYTHON}`), ["python"]);
  expect(logs).toEqual([PYTHON, ...between.split("\n"), PYTHON]);
});

test("one line that names an error is a record as it is, at its own place among the others", () => {
  const { records } = recordsFrom(criLines("a\nFooError: x\nb\nBarException: y\nc"), ["java"]);
  expect(records.map(({ log }) => log)).toEqual(["a", "FooError: x", "b", "BarException: y", "c"]);
  expect(records.map(({ pos }) => pos).toSorted((a, b) => a - b)).toEqual(records.map(({ pos }) => pos));
});

test("words of a trace that are no trace join nothing", () => {
  const text =
    "no Exception here\nErrors: 3\nthe panic is over\nTraceback (most recent call last): x\nat home\n\tat last";
  expect(recordsFrom(criLines(text), ["java", "python", "go", "ruby"]).logs).toEqual(text.split("\n"));
});
