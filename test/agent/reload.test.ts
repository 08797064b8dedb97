import { expect, test } from "vitest";
import { createReloadRequests, startTurn } from "../../agent/reload.ts";
import { load } from "../config/fixture.ts";
import { recordingLogger } from "./fixture.ts";

const CONFIG = load(
  "service: {storage.path: /s}\npipeline:\n  inputs: [{name: tail, path: /l/*.log}]\n  outputs: [{name: 'null', match: '*'}]\n",
).config!;
const NEVER = new AbortController().signal;

/** A turn of CONFIG whose reload loads `CONFIG` with another cluster; counts the loads. */
function openTurn(stop = NEVER) {
  const requests = createReloadRequests();
  const { log, lines } = recordingLogger();
  const state = { loads: 0 };
  const next = { ...CONFIG, service: { ...CONFIG.service, cluster: "new" } };
  const loadNext = () => {
    state.loads++;
    return next;
  };
  const start = () => startTurn(CONFIG, { requests, load: loadNext }, stop, log);
  return { requests, lines, state, next, start };
}

test("a request ends the turn, with the new configuration", () => {
  const bed = openTurn();
  using turn = bed.start();
  expect(turn.ended.aborted).toBe(false);
  bed.requests.ask();
  expect(turn.ended.aborted).toBe(true);
  expect(turn.next).toBe(bed.next);
});

test("requests that come while one takes over count as one, for the next turn", () => {
  const bed = openTurn();
  {
    using first = bed.start();
    bed.requests.ask();
    bed.requests.ask();
    bed.requests.ask();
    expect(first.ended.aborted).toBe(true);
    expect(bed.state.loads).toBe(1);
  }
  using second = bed.start();
  expect(bed.state.loads).toBe(2);
  expect(second.next).toBe(bed.next);
});

test("a stop ends the turn without a new configuration", () => {
  const stop = new AbortController();
  const bed = openTurn(stop.signal);
  using turn = bed.start();
  stop.abort();
  bed.requests.ask();
  expect(turn.ended.aborted).toBe(true);
  expect(turn.next).toBeNull();
  expect(bed.state.loads).toBe(0);
});
