import type { Clock } from '@dure/core';
import type { Handlers } from '@dure/service/server';
import type { LogQuery, TraceQuery } from '../contract.ts';
import { consoleApi } from '../contract.ts';
import type { LogFilter, TelemetryStore, TraceFilter } from '../store/telemetry-store.port.ts';
import { addToTrace, emptyTrace, summaryOf } from '../store/trace-summary.ts';
import type { ConfigView } from './config-view.ts';
import type { LogTail } from './log-tail.ts';
import type { ParkedView } from './parked-view.ts';
import type { SagasView } from './sagas-view.ts';
import type { ServiceListOptions } from './service-list.ts';
import { listServices, namesOf } from './service-list.ts';
import { traceTree } from './trace-tree.ts';
import type { TrafficWindow } from './traffic-window.ts';

/** What answers the web console's questions. */
export interface ApiParts {
  readonly clock: Clock;
  readonly store: TelemetryStore;
  readonly traffic: TrafficWindow;
  readonly tail: LogTail;
  readonly services: ServiceListOptions;
  readonly config: ConfigView;
  readonly sagas: SagasView;
  readonly parked: ParkedView;
  readonly dropped: () => number;
}

const logsOfTrace = 1_000;

/** The handlers of the console's contract. */
export function apiHandlers(parts: ApiParts): Handlers<typeof consoleApi, never> {
  const { clock, store, traffic, tail } = parts;
  return {
    async listServices() {
      const now = clock.now();
      return { now, services: await listServices(parts.services, now) };
    },
    async getOverview({ query }) {
      const { oldestAt, ...stats } = store.stats();
      const held = { ...stats, dropped: parts.dropped(), ...(oldestAt === undefined ? {} : { oldestAt }) };
      return { ...traffic.overview(clock.now(), query.windowMs), store: held };
    },
    searchTraces: async ({ query }) => store.findTraces(traceFilter(query)),
    async listOperations({ query }) {
      const names = store.names();
      const of = query.service === undefined ? undefined : names.get(query.service);
      return { services: [...names.keys()], operations: [...(of?.operations ?? [])] };
    },
    async getTrace({ params }) {
      const traceId = params.traceId.padStart(32, '0');
      const spans = await store.trace(traceId);
      if (spans.length === 0) throw consoleApi.refuse.getTrace.UnknownTrace({ traceId });
      const state = emptyTrace(traceId);
      for (const span of spans) addToTrace(state, span);
      const { logs } = await store.findLogs({ traceId, limit: logsOfTrace });
      return { ...summaryOf(state), tree: traceTree(spans), logs: logs.sort((a, b) => a.time - b.time) };
    },
    async getConfigChanges() {
      return { now: clock.now(), ...(await parts.config.changes()) };
    },
    getServiceConfig: ({ params, query }) => parts.config.of(params.service, query.against),
    listSagas: ({ query }) => parts.sagas.list(namesOf(parts.services, clock.now()), query),
    async getSaga({ params }) {
      const found = await parts.sagas.find(params.service, params.id);
      if (found === undefined) throw consoleApi.refuse.getSaga.UnknownSaga(params);
      return found;
    },
    async operateSaga({ params, body }) {
      const isKnown = await parts.sagas.operate(params.service, params.id, body);
      if (!isKnown) throw consoleApi.refuse.operateSaga.UnknownSaga(params);
    },
    listParked: ({ query }) => parts.parked.list(namesOf(parts.services, clock.now()), query),
    async getParkedKey({ params, query }) {
      const found = await parts.parked.find(params.service, query);
      if (found === undefined) throw consoleApi.refuse.getParkedKey.UnknownParked(params);
      return found;
    },
    async getParkedData({ params: { service, id }, query }) {
      const found = await parts.parked.data(service, query, id);
      if (found === undefined) throw consoleApi.refuse.getParkedData.UnknownParked({ service });
      return found;
    },
    async operateParked({ params, body }) {
      const isKnown = await parts.parked.operate(params.service, body);
      if (!isKnown) throw consoleApi.refuse.operateParked.UnknownParked(params);
    },
    searchLogs: async ({ query }) => store.findLogs(logFilter(query)),
    tailLogs: async ({ query }, call) => tail.follow(query, call.signal),
  };
}

function traceFilter({ error, ...rest }: TraceQuery): TraceFilter {
  return error === undefined ? rest : { ...rest, failed: error === 'true' };
}

function logFilter({ traceId, ...rest }: LogQuery): LogFilter {
  return traceId === undefined ? rest : { ...rest, traceId: traceId.padStart(32, '0') };
}
