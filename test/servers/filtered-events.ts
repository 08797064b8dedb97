import { Refusal } from "./json-server.ts";

const PAGE_EVENTS_MAX = 10_000;
const PAGE_BYTES_MAX = 1_048_576;

/** An event as FilterLogEvents gives it. */
export interface FilteredEvent {
  readonly eventId: string;
  readonly logStreamName: string;
  readonly timestamp: number;
  readonly message: string;
}

export interface FilterRequest {
  readonly logStreamNames?: readonly string[];
  readonly logStreamNamePrefix?: string;
  readonly startTime?: number;
  readonly endTime?: number;
  readonly limit?: number;
  readonly nextToken?: string;
}

/** How far from the documented order and economy the answers are; shares are drawn for each page or event. */
export interface Disorder {
  readonly random: () => number;
  /** Pages of which nothing is in it, but a token. */
  readonly emptyShare?: number;
  /** Events that a page has twice. */
  readonly twiceShare?: number;
  /** The events of a page are in any order. */
  readonly shuffled?: boolean;
  /** Events of a page at most, instead of the service's 10,000. */
  readonly pageEvents?: number;
}

/**
 * The events of one log group as FilterLogEvents knows them: by time, then in the order in which they were delivered. What
 * is delivered between two pages of one question is found if it belongs behind the first of them.
 */
export class FilteredEvents {
  #events: { readonly event: FilteredEvent; readonly order: number }[] = [];
  #isSorted = true;
  #delivered = 0;

  deliver(events: readonly FilteredEvent[]): void {
    for (const event of events) this.#events.push({ event, order: this.#delivered++ });
    this.#isSorted = false;
  }

  /** `nextToken`: the time and the order of the page's last event. */
  page(asked: FilterRequest, disorder: Disorder | null): { events: FilteredEvent[]; nextToken?: string } {
    const { logStreamNames, logStreamNamePrefix, endTime = Infinity, limit = PAGE_EVENTS_MAX } = asked;
    if (limit < 1 || limit > PAGE_EVENTS_MAX) throw invalid("limit is 1 to 10000");
    if (logStreamNames !== undefined && logStreamNamePrefix !== undefined)
      throw invalid("logStreamNames and logStreamNamePrefix cannot both be specified");
    const [afterTime, afterOrder] = this.#positionOf(asked);
    if (disorder !== null && disorder.random() < (disorder.emptyShare ?? 0))
      return { events: [], nextToken: `${afterTime}/${afterOrder}` };
    const most = Math.min(limit, disorder?.pageEvents ?? PAGE_EVENTS_MAX);
    const events: FilteredEvent[] = [];
    let bytes = 0;
    let [time, order] = [afterTime, afterOrder];
    for (let at = this.#indexAfter(afterTime, afterOrder); at < this.#events.length; at++) {
      const { event, order: own } = this.#events[at]!;
      if (event.timestamp > endTime) break;
      if (logStreamNames?.includes(event.logStreamName) === false) continue;
      if (!event.logStreamName.startsWith(logStreamNamePrefix ?? "")) continue;
      bytes += Buffer.byteLength(event.message) + 26;
      if (events.length > 0 && (events.length >= most || bytes > PAGE_BYTES_MAX))
        return { events: disturbed(events, disorder), nextToken: `${time}/${order}` };
      events.push(event);
      [time, order] = [event.timestamp, own];
    }
    return { events: disturbed(events, disorder) };
  }

  #positionOf({ nextToken, startTime = 0 }: FilterRequest): [time: number, order: number] {
    if (nextToken === undefined) return [startTime, -1];
    const [, time, order] = /^(\d+)\/(-?\d+)$/.exec(nextToken) ?? [];
    if (time === undefined) throw invalid("The specified nextToken is invalid.");
    return [Number(time), Number(order)];
  }

  #indexAfter(time: number, order: number): number {
    if (!this.#isSorted) this.#events.sort((a, b) => a.event.timestamp - b.event.timestamp || a.order - b.order);
    this.#isSorted = true;
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { event, order: own } = this.#events[middle]!;
      if (event.timestamp < time || (event.timestamp === time && own <= order)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function disturbed(events: FilteredEvent[], disorder: Disorder | null): FilteredEvent[] {
  if (disorder === null) return events;
  const all = [...events, ...events.filter(() => disorder.random() < (disorder.twiceShare ?? 0))];
  if (disorder.shuffled !== true) return all;
  return all.map((event) => ({ event, key: disorder.random() })).toSorted((a, b) => a.key - b.key).map(({ event }) => event); // prettier-ignore
}

function invalid(message: string): Refusal {
  return new Refusal(400, "InvalidParameterException", message);
}
