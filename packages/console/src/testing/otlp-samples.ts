/** One span for `otlpTraces`. */
export interface SampleSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind?: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly ms: number;
  readonly error?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** The body of `POST /v1/traces` for spans of one service. */
export function otlpTraces(service: string, spans: readonly SampleSpan[]): object {
  const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
  return {
    resourceSpans: [
      {
        resource: {
          attributes: [attribute('service.name', service), attribute('service.instance.id', `${service}:1`)],
        },
        scopeSpans: [
          {
            scope: { name: 'test' },
            spans: spans.map(({ at, ms, error, attributes = {}, kind = 2, ...span }) => ({
              ...span,
              kind,
              startTimeUnixNano: `${at}000000`,
              endTimeUnixNano: `${at + ms}000000`,
              attributes: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
              ...(error === undefined ? {} : { status: { code: 2, message: error } }),
            })),
          },
        ],
      },
    ],
  };
}

/** The body of `POST /v1/logs` with one line. */
export function otlpLog(
  service: string,
  line: { at: number; message: string; severity?: number; traceId?: string },
): object {
  const attributes = [{ key: 'service.name', value: { stringValue: service } }];
  const record = {
    timeUnixNano: `${line.at}000000`,
    severityNumber: line.severity ?? 9,
    body: { stringValue: line.message },
    ...(line.traceId === undefined ? {} : { traceId: line.traceId, spanId: '1'.repeat(16) }),
  };
  return { resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords: [record] }] }] };
}
