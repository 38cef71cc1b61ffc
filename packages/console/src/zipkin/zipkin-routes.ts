import { scheduler } from 'node:timers/promises';
import type { Call, Clock } from '@dure/core';
import type { HttpRequest, HttpResponse, HttpRoute } from '@dure/service/server';
import type { Guard } from '../site/guard.ts';
import type { StoredSpan, TelemetryStore } from '../store/telemetry-store.port.ts';
import { linkCounter } from './dependency-links.ts';
import { zipkinTrace } from './zipkin-encode.ts';
import { matchesZipkin, zipkinQuery } from './zipkin-query.ts';

const dayMs = 86_400_000;
const page = 200;
const maxLooked = 5_000;

/** Zipkin's query API at `/api/v2/*`, for holders of a session and for services with their token. */
export function zipkinRoutes(store: TelemetryStore, guard: Guard, clock: Clock): readonly HttpRoute[] {
  const get = (path: string, answer: (request: HttpRequest) => Promise<HttpResponse> | HttpResponse): HttpRoute => ({
    method: 'GET',
    path: `/api/v2${path}`,
    access: 'public',
    handle: (request: HttpRequest, call: Call) => {
      guard.session(request, call);
      return answer(request);
    },
  });
  const namesOf = (request: HttpRequest, pick: 'operations' | 'remoteServices') => {
    const service = request.query.get('serviceName')?.toLowerCase();
    if (service === undefined || service === '') return refused("Required request parameter 'serviceName' is missing");
    const found = [...store.names()].filter(([name]) => name.toLowerCase() === service);
    return json(sortedLower(found.flatMap(([, names]) => names[pick])));
  };
  const traceOf = (id: string) => store.trace(id.padStart(32, '0'));
  return [
    get('/services', () => json(sortedLower([...store.names().keys()]))),
    get('/spans', (request) => namesOf(request, 'operations')),
    get('/remoteServices', (request) => namesOf(request, 'remoteServices')),
    get('/autocompleteKeys', () => json([])),
    get('/autocompleteValues', (request) =>
      request.query.get('key') === null ? refused("Required request parameter 'key' is missing") : json([]),
    ),
    get('/traces', async (request) => {
      const query = zipkinQuery(request.query, clock.now());
      if (typeof query === 'string') return refused(query);
      const found: (readonly object[])[] = [];
      for await (const spans of tracesBetween(store, query.endMs - query.lookbackMs, query.endMs)) {
        if (matchesZipkin(query, spans)) found.push(zipkinTrace(spans));
        if (found.length === query.limit) break;
      }
      return json(found);
    }),
    get('/trace/:traceId', async ({ params: { traceId = '' } }) => {
      if (!/^[0-9a-f]{1,32}$/.test(traceId))
        return refused(`${traceId.slice(0, 40)} is not a trace id: 1 to 32 lower-case hexadecimal digits`);
      const spans = await traceOf(traceId);
      return spans.length === 0 ? text(404, `${traceId} not found`) : json(zipkinTrace(spans));
    }),
    get('/traceMany', async ({ query }) => {
      const ids = [...new Set((query.get('traceIds') ?? '').split(',').filter((id) => /^[0-9a-f]{1,32}$/.test(id)))];
      if (ids.length < 2) return refused('Expected traceIds with at least two different trace ids, joined by commas');
      const traces = await Promise.all(ids.slice(0, 100).map(traceOf));
      return json(traces.filter((spans) => spans.length > 0).map(zipkinTrace));
    }),
    get('/dependencies', async ({ query }) => {
      const [endTs, lookback] = [query.get('endTs') ?? '', query.get('lookback') ?? String(dayMs)];
      if (!/^\d{1,15}$/.test(endTs))
        return refused("Required request parameter 'endTs' is missing: epoch milliseconds");
      if (!/^\d{1,15}$/.test(lookback)) return refused('lookback must be a number of milliseconds');
      const counter = linkCounter();
      const since = Number(endTs) - Number(lookback);
      for await (const spans of tracesBetween(store, since, Number(endTs))) counter.add(spans);
      return json(counter.links());
    }),
  ];
}

/** The newest traces of a time, at most five thousand. */
async function* tracesBetween(
  store: TelemetryStore,
  since: number,
  until: number,
): AsyncGenerator<readonly StoredSpan[]> {
  let end = until;
  const seen = new Set<string>();
  while (seen.size < maxLooked) {
    const { traces, more } = await store.findTraces({ since, until: end, limit: page });
    const fresh = traces.filter(({ traceId }) => !seen.has(traceId));
    for (const { traceId } of fresh) {
      seen.add(traceId);
      yield await store.trace(traceId);
    }
    const last = traces.at(-1);
    if (!more || last === undefined || fresh.length === 0) return;
    end = last.startedAt;
    await scheduler.yield();
  }
}

function sortedLower(names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => name.toLowerCase()))].sort();
}

function json(value: unknown): HttpResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

function refused(message: string): HttpResponse {
  return text(400, message);
}

function text(status: number, body: string): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}
