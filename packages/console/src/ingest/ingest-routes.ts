import type { Clock, DureError } from '@dure/core';
import { isDureError } from '@dure/core';
import type { HttpRequest, HttpResponse, HttpRoute } from '@dure/service/server';
import { consoleErrors } from '../errors.ts';
import type { Collector } from './collector.ts';
import { ingestBody, maxBodyBytes } from './ingest-body.ts';
import type { Decoded } from './otlp-decode.ts';
import { decodeLogs, decodeMetrics, decodeTraces } from './otlp-decode.ts';
import { decodeZipkin } from './zipkin-decode.ts';

const maxAtOnce = 64;
const json = { 'content-type': 'application/json' };

/** OTLP/HTTP in JSON at `/v1/*` and Zipkin v2 at `/api/v2/spans`; both need a service's token. */
export function ingestRoutes(collector: Collector, clock: Clock): readonly HttpRoute[] {
  let atOnce = 0;
  const limited =
    (take: (request: HttpRequest) => Promise<HttpResponse>, refuse: (error: DureError) => HttpResponse) =>
    async (request: HttpRequest): Promise<HttpResponse> => {
      if (atOnce >= maxAtOnce) return { status: 503, headers: { 'retry-after': '1' } };
      atOnce += 1;
      try {
        return await take(request);
      } catch (error) {
        if (!isDureError(error)) throw error;
        return refuse(error);
      } finally {
        atOnce -= 1;
      }
    };
  const post = (path: string, handle: HttpRoute['handle']): HttpRoute => ({
    method: 'POST',
    path,
    access: 'service',
    maxBodyBytes,
    handle,
  });
  const otlp = (path: string, field: string, take: (body: unknown) => Promise<Decoded<unknown>>) =>
    post(
      path,
      limited(async (request) => {
        const { rejected, reason } = await take(await ingestBody(request));
        collector.drop(rejected);
        const partial = { partialSuccess: { [field]: String(rejected), errorMessage: reason } };
        return { status: 200, headers: json, body: rejected === 0 ? '{}' : JSON.stringify(partial) };
      }, otlpRefusal),
    );
  return [
    otlp('/v1/traces', 'rejectedSpans', async (body) => {
      const decoded = decodeTraces(body);
      await collector.spans(decoded.items);
      return decoded;
    }),
    otlp('/v1/logs', 'rejectedLogRecords', async (body) => {
      const decoded = decodeLogs(body, clock.now());
      await collector.logs(decoded.items);
      return decoded;
    }),
    otlp('/v1/metrics', 'rejectedDataPoints', async (body) => {
      const decoded = decodeMetrics(body, clock.now());
      collector.measurements(decoded.items.flat());
      return decoded;
    }),
    post(
      '/api/v2/spans',
      limited(async (request) => {
        const body = await ingestBody(request);
        if (body !== undefined) await collector.spans(decodeZipkin(body, clock.now() * 1_000));
        return { status: 202 };
      }, zipkinRefusal),
    ),
  ];
}

/** OTLP answers a failure with a `Status`, in the request's encoding. */
function otlpRefusal(error: DureError): HttpResponse {
  const body = JSON.stringify({ message: error.message, code: error.code });
  return { status: statusOf(error), headers: { ...json, ...retryAfter(error) }, body };
}

/** Zipkin answers a failure with text. */
function zipkinRefusal(error: DureError): HttpResponse {
  const headers = { 'content-type': 'text/plain; charset=utf-8', ...retryAfter(error) };
  return { status: statusOf(error), headers, body: error.message };
}

function statusOf({ code }: DureError): number {
  switch (code) {
    case consoleErrors.INGEST_MALFORMED.code:
      return 400;
    case consoleErrors.INGEST_TOO_LARGE.code:
      return 413;
    case consoleErrors.INGEST_ENCODING.code:
      return 415;
    default:
      return 503;
  }
}

function retryAfter(error: DureError): Readonly<Record<string, string>> {
  return statusOf(error) === 503 ? { 'retry-after': '1' } : {};
}
