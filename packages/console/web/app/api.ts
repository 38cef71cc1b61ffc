import type { ConfigChangesView, ServiceConfigView } from '../../src/config-contract.ts';
import type { LogLine, OverviewView, ServiceView, TraceSummary, TraceView } from '../../src/contract.ts';
import type { ParkedData, ParkedDetail, ParkedList, ParkedOrder, ParkedPlace } from '../../src/parked-contract.ts';
import type { SagaDetail, SagaList, SagaOrder } from '../../src/saga-contract.ts';
import { queryString } from '../design/router.ts';
import type { Answer } from '../design/transport.ts';
import { requestJson } from '../design/transport.ts';

/** The filters of the trace search, as they stand in the page's address. */
export interface TraceFilters {
  readonly service?: string | undefined;
  readonly operation?: string | undefined;
  readonly minDurationMs?: string | undefined;
  readonly error?: 'true' | undefined;
  readonly text?: string | undefined;
}

/** The filters of the list of sagas. */
export interface SagaFilters {
  readonly service?: string | undefined;
  readonly saga?: string | undefined;
  readonly state?: string | undefined;
  readonly key?: string | undefined;
}

/** The filters of the list of what is parked. */
export interface ParkedFilters {
  readonly service?: string | undefined;
  readonly source?: string | undefined;
  readonly state?: string | undefined;
  readonly key?: string | undefined;
}

/** The filters of the log search. */
export interface LogFilters {
  readonly service?: string | undefined;
  readonly level?: string | undefined;
  readonly text?: string | undefined;
  readonly traceId?: string | undefined;
}

export function listServices(
  signal: AbortSignal,
): Promise<Answer<{ readonly now: number; readonly services: readonly ServiceView[] }>> {
  return requestJson('GET', '/api/services', { signal });
}

export function getOverview(signal: AbortSignal): Promise<Answer<OverviewView>> {
  return requestJson('GET', '/api/overview', { signal });
}

export function searchTraces(
  filters: TraceFilters,
  signal: AbortSignal,
): Promise<Answer<{ readonly traces: readonly TraceSummary[]; readonly more: boolean }>> {
  return requestJson('GET', `/api/traces${queryString({ ...filters, limit: 100 })}`, { signal });
}

export function listOperations(
  service: string | undefined,
  signal: AbortSignal,
): Promise<Answer<{ readonly services: readonly string[]; readonly operations: readonly string[] }>> {
  return requestJson('GET', `/api/operations${queryString({ service })}`, { signal });
}

export function getTrace(traceId: string, signal: AbortSignal): Promise<Answer<TraceView>> {
  return requestJson('GET', `/api/traces/${encodeURIComponent(traceId)}`, { signal });
}

export function searchLogs(
  filters: LogFilters,
  before: number | undefined,
  signal: AbortSignal,
): Promise<Answer<{ readonly logs: readonly LogLine[]; readonly more: boolean }>> {
  return requestJson('GET', `/api/logs${queryString({ ...filters, before, limit: 200 })}`, { signal });
}

/** The address of the live tail. */
export function tailPath(filters: LogFilters): string {
  return `/api/logs/tail${queryString({ ...filters })}`;
}

export function getConfigChanges(signal: AbortSignal): Promise<Answer<{ readonly now: number } & ConfigChangesView>> {
  return requestJson('GET', '/api/config', { signal });
}

/** A service's keys, beside those under other profiles if there are any to compare with. */
export function getServiceConfig(
  service: string,
  against: string | undefined,
  signal: AbortSignal,
): Promise<Answer<ServiceConfigView>> {
  return requestJson('GET', `/api/config/${encodeURIComponent(service)}${queryString({ against })}`, { signal });
}

export function listSagas(filters: SagaFilters, signal: AbortSignal): Promise<Answer<SagaList>> {
  return requestJson('GET', `/api/sagas${queryString({ ...filters })}`, { signal });
}

export function getSaga(service: string, id: string, signal: AbortSignal): Promise<Answer<SagaDetail>> {
  return requestJson('GET', sagaPath(service, id), { signal });
}

export function operateSaga(service: string, id: string, order: SagaOrder): Promise<Answer<undefined>> {
  return requestJson('POST', sagaPath(service, id), { body: order });
}

export function listParked(filters: ParkedFilters, signal: AbortSignal): Promise<Answer<ParkedList>> {
  return requestJson('GET', `/api/parked${queryString({ ...filters })}`, { signal });
}

export function getParkedKey(service: string, place: ParkedPlace, signal: AbortSignal): Promise<Answer<ParkedDetail>> {
  return requestJson('GET', `${parkedPath(service)}${queryString({ ...place })}`, { signal });
}

export function getParkedData(
  service: string,
  place: ParkedPlace,
  id: string,
  signal: AbortSignal,
): Promise<Answer<ParkedData>> {
  const path = `${parkedPath(service)}/${encodeURIComponent(id)}`;
  return requestJson('GET', `${path}${queryString({ ...place })}`, { signal });
}

export function operateParked(service: string, order: ParkedOrder): Promise<Answer<undefined>> {
  return requestJson('POST', parkedPath(service), { body: order });
}

function parkedPath(service: string): string {
  return `/api/parked/${encodeURIComponent(service)}`;
}

function sagaPath(service: string, id: string): string {
  return `/api/sagas/${encodeURIComponent(service)}/${encodeURIComponent(id)}`;
}
