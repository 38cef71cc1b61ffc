import type { Clock, Ids, Random, Timer } from '@dure/core';
import { messageOf } from '@dure/core';
import { telemetryErrors } from './errors.ts';
import type { Exporter, Sent } from './exporter.ts';
import { exporter } from './exporter.ts';
import type { LineSink } from './line-sink.ts';
import type { LogRecord } from './log.ts';
import { logger } from './log.ts';
import type { LogLevel } from './log-levels.ts';
import { levelBook } from './log-levels.ts';
import type { Meters } from './meters.ts';
import { meters } from './meters.ts';
import type { Resource } from './otlp.ts';
import { otlpLogs, otlpMetrics, otlpTraces } from './otlp.ts';
import { processMetrics } from './process-metrics.ts';
import type { SpanRecord, SpanSource } from './span.ts';
import { startSpan } from './span.ts';
import type { Telemetry } from './telemetry.ts';
import type { Transport } from './transport.ts';
import { fetchTransport } from './transport.ts';
import type { WallTime } from './wall-time.ts';
import { wallTime } from './wall-time.ts';

/** How a service's telemetry is set up. */
export interface TelemetryOptions {
  readonly service: string;
  readonly instance: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  /** Base URL of an OTLP/HTTP collector; without one nothing leaves the process but the log lines. */
  readonly endpoint?: string;
  /** Makes the `Authorization` header of each request to it. */
  readonly authorize?: () => Promise<string>;
  /** Where the log lines go: `stdoutSink()`. */
  readonly stdout: LineSink;
  /** What its loggers write until somebody says something else. */
  readonly level: LogLevel;
  /** Share of the traces starting here that are recorded, 0 to 1. */
  readonly sampleRatio: number;
  /** Replaces `fetch`, in tests. */
  readonly transport?: Transport;
}

const flushLimitMs = 2_000;
const metricsIntervalMs = 10_000;
const retryable = new Set([408, 429, 502, 503, 504]);

/**
 * Opens a service's telemetry: log lines to stdout; spans, lines and metrics to the collector, if one is named, in
 * bounded batches that never hold up or fail the work. What cannot be delivered is counted in `telemetry_dropped`.
 * TELEMETRY_OPTION_INVALID when the ratio or the endpoint does not fit.
 *
 * @example
 * const telemetry = openTelemetry({ service: 'order', instance, clock, ids, random, stdout: stdoutSink(), level: 'info', sampleRatio: 1 });
 */
export function openTelemetry(options: TelemetryOptions): Telemetry {
  checkOptions(options);
  const { service, instance, clock, ids, random, stdout, level, sampleRatio } = options;
  const time = wallTime(clock);
  const table = meters(clock);
  processMetrics(table, clock);
  const collector = options.endpoint === undefined ? undefined : openCollector(options, options.endpoint, table, time);
  const levels = levelBook(service, level);
  const onLine = (line: LogRecord) => collector?.logs.add(line);
  const lines = { service, instance, now: () => clock.now(), sink: stdout, onLine };
  const log = logger({ ...lines, threshold: levels.thresholdOf(service) });
  collector?.reportTo((connected, why) => {
    if (connected) log.info('telemetry reaches the collector again', { endpoint: options.endpoint });
    else
      log.warn('telemetry does not reach the collector; it is kept and sent later', {
        endpoint: options.endpoint,
        why,
      });
  });
  const source: SpanSource = { wallTime: time, ids, random, sampleRatio, onEnd: (span) => collector?.spans.add(span) };
  const flush = async () => {
    await Promise.all([collector?.flush(), stdout.flush()]);
  };
  let closing: Promise<void> | undefined;
  return {
    service,
    instance,
    log,
    logger: (name) => logger({ ...lines, name, threshold: levels.thresholdOf(name) }),
    levels,
    metrics: table,
    startSpan: (name, spanOptions) => startSpan(source, name, spanOptions),
    flush,
    close: () => {
      closing ??= flush().finally(() => collector?.close());
      return closing;
    },
  };
}

interface Collector {
  readonly spans: Exporter<SpanRecord>;
  readonly logs: Exporter<LogRecord>;
  reportTo(report: (connected: boolean, why: string) => void): void;
  flush(): Promise<void>;
  close(): void;
}

function openCollector(options: TelemetryOptions, endpoint: string, table: Meters, time: WallTime): Collector {
  const { clock, random, service, instance } = options;
  const resource: Resource = { service, instance };
  const startedAt = clock.now();
  const dropped = table.counter('telemetry_dropped', 'Spans and log lines that could not be delivered');
  const post = poster(options, endpoint);
  const batches = <Item>(signal: string, encode: (resource: Resource, items: readonly Item[]) => unknown) =>
    exporter<Item>({
      clock,
      random,
      send: (items, abort) => post(`/v1/${signal}`, encode(resource, items), abort),
      onDropped: (count) => dropped.add(count, { signal }),
    });
  const spans = batches<SpanRecord>('traces', otlpTraces);
  const logs = batches<LogRecord>('logs', otlpLogs);
  const sendMetrics = (signal: AbortSignal) =>
    post('/v1/metrics', otlpMetrics(resource, table.read(), startedAt, clock.now()), signal).catch(() => undefined);
  let tick: Timer;
  const everyInterval = () => {
    tick = clock.after(metricsIntervalMs, () => {
      time.adjust();
      void bounded(clock, flushLimitMs, sendMetrics);
      everyInterval();
    });
  };
  everyInterval();
  return {
    spans,
    logs,
    reportTo: post.reportTo,
    flush: () =>
      bounded(clock, flushLimitMs, (signal) =>
        Promise.all([spans.flush(signal), logs.flush(signal), sendMetrics(signal)]),
      ),
    close() {
      tick.cancel();
      spans.close();
      logs.close();
    },
  };
}

interface Poster {
  (path: string, body: unknown, signal: AbortSignal): Promise<Sent>;
  /** Tells, once each time, when the collector cannot be reached any more and when it can again. */
  reportTo(report: (connected: boolean, why: string) => void): void;
}

function poster(options: TelemetryOptions, endpoint: string): Poster {
  const send = options.transport ?? fetchTransport;
  const base = endpoint.replace(/\/+$/, '');
  let connected = true;
  let report: (connected: boolean, why: string) => void = () => {};
  const note = (now: boolean, why: string) => {
    if (now === connected) return;
    connected = now;
    report(now, why);
  };
  const post = async (path: string, body: unknown, signal: AbortSignal): Promise<Sent> => {
    try {
      const authorization = options.authorize === undefined ? {} : { authorization: await options.authorize() };
      const headers = { 'content-type': 'application/json', ...authorization };
      const answer = await send({ url: base + path, headers, body: JSON.stringify(body), signal });
      note(answer.status < 400, `it answered ${answer.status}`);
      if (answer.status < 300) return { outcome: 'taken' };
      if (!retryable.has(answer.status)) return { outcome: 'refused' };
      return answer.retryAfterMs === undefined
        ? { outcome: 'again' }
        : { outcome: 'again', afterMs: answer.retryAfterMs };
    } catch (error) {
      note(false, messageOf(error));
      return { outcome: 'again' };
    }
  };
  const reportTo = (to: typeof report) => {
    report = to;
  };
  return Object.assign(post, { reportTo });
}

/** Does something that gives up when `signal` aborts, and no longer than the limit in any case. */
async function bounded(clock: Clock, limitMs: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  await new Promise<void>((resolve) => {
    const timer = clock.after(
      limitMs,
      () => {
        controller.abort();
        resolve();
      },
      { keepAlive: true },
    );
    const done = () => {
      timer.cancel();
      resolve();
    };
    work(controller.signal).then(done, done);
  });
}

function checkOptions({ sampleRatio, endpoint }: TelemetryOptions): void {
  if (!(sampleRatio >= 0 && sampleRatio <= 1)) {
    throw telemetryErrors.OPTION_INVALID(`telemetry.sampleRatio is ${sampleRatio}; it must be a number from 0 to 1`);
  }
  if (endpoint !== undefined && !(URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol))) {
    throw telemetryErrors.OPTION_INVALID(
      `telemetry.endpoint is "${endpoint}"; it must be an http or https URL such as "http://127.0.0.1:9411"`,
    );
  }
}
