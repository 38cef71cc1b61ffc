import { contract, get, post } from '@dure/service/contract';
import { z } from 'zod';
import { ConfigChangesView, ServiceConfig } from './config-contract.ts';
import {
  ParkedData,
  ParkedDetail,
  ParkedList,
  ParkedOrder,
  ParkedPlace,
  ParkedQuery,
  ParkedService,
} from './parked-contract.ts';
import { SagaDetail, SagaList, SagaOrder, SagaPlace, SagaQuery } from './saga-contract.ts';

/** Spring's health statuses, and `OFFLINE` for an instance or service that does not answer at all. */
const Status = z.enum(['UP', 'DOWN', 'OUT_OF_SERVICE', 'UNKNOWN', 'OFFLINE']);
/** Epoch milliseconds; fractions are microseconds. */
const Time = z.number();
const Attributes = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const HealthPart = z.object({
  name: z.string(),
  status: Status,
  details: z.record(z.string(), z.unknown()).optional(),
});

const Instance = z.object({
  /** `order:0193…` */
  id: z.string(),
  host: z.string(),
  port: z.int(),
  managementPort: z.int().optional(),
  zone: z.string().optional(),
  status: Status,
  /** The parts of its health, where it shows them. */
  parts: z.array(HealthPart),
  /** When its health was last asked. */
  checkedAt: Time.optional(),
  /** What it last said about its process; absent until its first metrics have arrived. */
  process: z
    .object({
      residentBytes: z.number().optional(),
      /** Share of one core, 0 to 1 and above. */
      cpuRatio: z.number().optional(),
      eventLoopDelayMs: z.number().optional(),
      startedAt: Time.optional(),
    })
    .optional(),
  metadata: z.record(z.string(), z.string()),
});

/** Requests that a service answered (spans of kind server and consumer), over a window. */
const Traffic = z.object({
  requests: z.int(),
  errors: z.int(),
  ratePerSecond: z.number(),
  /** 0 to 1. Refusals are answers, not errors. */
  errorRatio: z.number(),
  /** Absent when there was no request. */
  p50Ms: z.number().optional(),
  p95Ms: z.number().optional(),
});

const Service = z.object({
  service: z.string(),
  /** The worst of its instances that still leaves it usable: `UP` while one instance is up. */
  status: Status,
  /** Whether the system's manifest names it; others are known by their telemetry only. */
  expected: z.boolean(),
  instances: z.array(Instance),
  /** Over the last five minutes. */
  traffic: Traffic,
  lastSeenAt: Time.optional(),
});

const ServiceTraffic = z.object({
  service: z.string(),
  ...Traffic.shape,
  /** Oldest first, one point for each `stepMs`, also where nothing happened. */
  series: z.array(
    z.object({
      time: Time,
      requests: z.int(),
      errors: z.int(),
      p50Ms: z.number().optional(),
      p95Ms: z.number().optional(),
    }),
  ),
  operations: z.array(z.object({ operation: z.string(), ...Traffic.shape })),
});

const Overview = z.object({
  now: Time,
  windowMs: z.int(),
  stepMs: z.int(),
  total: Traffic,
  services: z.array(ServiceTraffic),
  /** Who called whom in the window. */
  edges: z.array(z.object({ from: z.string(), to: z.string(), calls: z.int(), errors: z.int() })),
  /** The latest failures, grouped by service, operation and code; newest first, at most 20. */
  errors: z.array(
    z.object({
      service: z.string(),
      operation: z.string(),
      code: z.string(),
      message: z.string(),
      count: z.int(),
      lastAt: Time,
      traceId: z.string(),
    }),
  ),
  /** What the store holds. */
  store: z.object({
    spans: z.int(),
    logs: z.int(),
    bytes: z.int(),
    oldestAt: Time.optional(),
    /** Items that were refused or thrown away since the console started. */
    dropped: z.int(),
  }),
});

const TraceSummary = z.object({
  traceId: z.string(),
  /** Of the root span, or of the earliest one seen while the root is missing. */
  service: z.string(),
  operation: z.string(),
  startedAt: Time,
  durationMs: z.number(),
  spans: z.int(),
  errors: z.int(),
  /** In order of first appearance. */
  services: z.array(z.object({ service: z.string(), spans: z.int(), errors: z.int() })),
  /** False while no root span has arrived. */
  complete: z.boolean(),
});

const LogLine = z.object({
  /** Grows with arrival; pass it as `before` to page on. */
  id: z.int(),
  time: Time,
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']),
  service: z.string(),
  instance: z.string(),
  message: z.string(),
  code: z.string().optional(),
  traceId: z.string().optional(),
  spanId: z.string().optional(),
  /** Everything else that the line says; secrets are masked where it was written. */
  fields: z.record(z.string(), z.unknown()),
});

const Span = z.object({
  spanId: z.string(),
  parentId: z.string().optional(),
  /** 0 for a root. The list is in tree order: a span is followed by its children, earliest first. */
  depth: z.int(),
  /** Its parent is named but was not received. */
  orphan: z.boolean(),
  service: z.string(),
  instance: z.string(),
  operation: z.string(),
  kind: z.enum(['internal', 'server', 'client', 'producer', 'consumer']),
  /** From the start of the trace. */
  offsetMs: z.number(),
  durationMs: z.number(),
  failed: z.boolean(),
  /** The message of its failure. */
  error: z.string().optional(),
  code: z.string().optional(),
  /** The code of a declared refusal: an answer, not a failure. */
  refusal: z.string().optional(),
  /** It lies on the path that decided how long the trace took. */
  critical: z.boolean(),
  attributes: Attributes,
  events: z.array(z.object({ name: z.string(), offsetMs: z.number(), attributes: Attributes })),
});

const TraceDetail = z.object({ ...TraceSummary.shape, tree: z.array(Span), logs: z.array(LogLine) });

const whole = (fallback: number, least: number, most: number) =>
  z.coerce.number<number | string>().int().min(least).max(most).default(fallback);
const time = z.coerce.number<number | string>().min(0).optional();
const word = z.string().min(1).max(200).optional();

const TraceQuery = z.object({
  service: word,
  operation: word,
  minDurationMs: z.coerce.number<number | string>().min(0).optional(),
  maxDurationMs: z.coerce.number<number | string>().min(0).optional(),
  /** `true`: only traces with a failed span; `false`: only those without. */
  error: z.enum(['true', 'false']).optional(),
  /** In a trace id, an operation's name or an attribute's value: an order's id finds its flow. */
  text: word,
  since: time,
  until: time,
  limit: whole(50, 1, 500),
});

const LogQuery = z.object({
  service: word,
  instance: word,
  /** This level and above. */
  level: LogLine.shape.level.optional(),
  traceId: word,
  /** In the message, the code or a field's value; case does not matter. */
  text: word,
  since: time,
  until: time,
  /** Only lines with a smaller id: the next page. */
  before: whole(Number.MAX_SAFE_INTEGER, 1, Number.MAX_SAFE_INTEGER),
  limit: whole(200, 1, 1_000),
});

const UnknownParked = { status: 404, data: ParkedService } as const;
const UnknownSaga = { status: 404, data: SagaPlace } as const;

/**
 * What the web console asks of its server, below its own origin. Every request carries the session's cookie, which
 * the browser sends by itself; without one the answer is 401 with the code CONSOLE_SIGN_IN.
 */
export const consoleApi = contract('console', {
  /** Every service that is expected, registered or heard of. Asking keeps the health polls alive. */
  listServices: get('/api/services', { access: 'user', output: z.object({ now: Time, services: z.array(Service) }) }),
  getOverview: get('/api/overview', {
    access: 'user',
    query: z.object({ windowMs: whole(300_000, 60_000, 3_600_000) }),
    output: Overview,
  }),
  /** Newest first. */
  searchTraces: get('/api/traces', {
    access: 'user',
    query: TraceQuery,
    output: z.object({ traces: z.array(TraceSummary), more: z.boolean() }),
  }),
  /** The names to offer in the search form; operations of one service. */
  listOperations: get('/api/operations', {
    access: 'user',
    query: z.object({ service: word }),
    output: z.object({ services: z.array(z.string()), operations: z.array(z.string()) }),
  }),
  getTrace: get('/api/traces/:traceId', {
    access: 'user',
    params: z.object({ traceId: z.string().regex(/^[0-9a-f]{16}([0-9a-f]{16})?$/) }),
    output: TraceDetail,
    refuses: { UnknownTrace: { status: 404, data: z.object({ traceId: z.string() }) } },
  }),
  getConfigChanges: get('/api/config', {
    access: 'user',
    output: z.object({ now: Time, ...ConfigChangesView.shape }),
  }),
  getServiceConfig: get('/api/config/:service', {
    access: 'user',
    params: z.object({ service: z.string().regex(/^[a-z][a-z0-9-]{0,60}$/) }),
    /** Profiles to compare with, `prod` or `prod,eu`. */
    query: z.object({
      against: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9,_.@+-]{0,98}$/)
        .optional(),
    }),
    output: ServiceConfig,
  }),
  /** Those of all services; first those that need an operator, then the latest. */
  listSagas: get('/api/sagas', { access: 'user', query: SagaQuery, output: SagaList }),
  getSaga: get('/api/sagas/:service/:id', {
    access: 'user',
    params: SagaPlace,
    output: SagaDetail,
    refuses: { UnknownSaga },
  }),
  /** Asked for from the console's own pages only: CONSOLE_ORIGIN, CONSOLE_SERVICE_SILENT, CONSOLE_ACTION_REFUSED. */
  operateSaga: post('/api/sagas/:service/:id', {
    access: 'user',
    params: SagaPlace,
    body: SagaOrder,
    status: 204,
    refuses: { UnknownSaga },
  }),
  /** Those of all services; first those that are stopped, then the oldest. */
  listParked: get('/api/parked', { access: 'user', query: ParkedQuery, output: ParkedList }),
  getParkedKey: get('/api/parked/:service', {
    access: 'user',
    params: ParkedService,
    query: ParkedPlace,
    output: ParkedDetail,
    refuses: { UnknownParked },
  }),
  /** What one message says, which no list tells. */
  getParkedData: get('/api/parked/:service/:id', {
    access: 'user',
    params: ParkedService.extend({ id: ParkedPlace.shape.key }),
    query: ParkedPlace,
    output: ParkedData,
    refuses: { UnknownParked },
  }),
  /** Asked for from the console's own pages only: CONSOLE_ORIGIN, CONSOLE_SERVICE_SILENT, CONSOLE_ACTION_REFUSED. */
  operateParked: post('/api/parked/:service', {
    access: 'user',
    params: ParkedService,
    body: ParkedOrder,
    status: 204,
    refuses: { UnknownParked },
  }),
  /** Newest first. */
  searchLogs: get('/api/logs', {
    access: 'user',
    query: LogQuery,
    output: z.object({ logs: z.array(LogLine), more: z.boolean() }),
  }),
  /** Server-sent events, one line each, as they arrive; `id:` is the line's id, `: ` comments keep it open. */
  tailLogs: get('/api/logs/tail', {
    access: 'user',
    query: LogQuery.pick({ service: true, instance: true, level: true, traceId: true, text: true }),
    output: LogLine,
    stream: true,
  }),
});

export type HealthStatus = z.infer<typeof Status>;
export type HealthPart = z.infer<typeof HealthPart>;
export type InstanceView = z.infer<typeof Instance>;
export type TrafficView = z.infer<typeof Traffic>;
export type ServiceView = z.infer<typeof Service>;
export type ServiceTrafficView = z.infer<typeof ServiceTraffic>;
export type OverviewView = z.infer<typeof Overview>;
export type TraceSummary = z.infer<typeof TraceSummary>;
export type SpanView = z.infer<typeof Span>;
export type TraceView = z.infer<typeof TraceDetail>;
export type LogLine = z.infer<typeof LogLine>;
export type LogLevel = LogLine['level'];
/** As decoded. In a request every one may be left out. */
export type TraceQuery = z.infer<typeof TraceQuery>;
export type LogQuery = z.infer<typeof LogQuery>;
