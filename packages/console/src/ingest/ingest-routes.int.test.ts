import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { TraceView } from '../contract.ts';
import { otlpTraces } from '../testing/otlp-samples.ts';
import { runConsole } from '../testing/run-console.ts';

const trace = '7c1d02e94ab85f3160d2c7f4b1e8a935';
const shared = await runConsole();
const cookie = await shared.signIn();
after(() => shared[Symbol.asyncDispose]());

test('gzip is taken', async () => {
  const body = gzipSync(
    JSON.stringify(
      otlpTraces('packed', [
        { traceId: '1'.repeat(32), spanId: '1'.repeat(16), name: 'a', at: 1_700_000_000_000, ms: 1 },
      ]),
    ),
  );
  const response = await shared.post('/v1/traces', body, { 'content-encoding': 'gzip' });
  assert.deepEqual([response.status, await response.text()], [200, '{}']);
  const { services } = await shared.read<{ services: string[] }>('/api/operations', cookie);
  assert.ok(services.includes('packed'));
});

test('one bad span does not lose the batch: the others are kept and the bad ones counted', async () => {
  const good = { traceId: '2'.repeat(32), spanId: '2'.repeat(16), name: 'good', at: 1_700_000_000_000, ms: 1 };
  const response = await shared.post(
    '/v1/traces',
    otlpTraces('mixed', [{ ...good, traceId: 'zz' }, good, { ...good, spanId: '0'.repeat(16) }]),
  );
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), {
    partialSuccess: {
      rejectedSpans: '2',
      errorMessage: 'resourceSpans.0.scopeSpans.0.spans.0 has no "traceId" of 32 hexadecimal digits',
    },
  });
  assert.equal((await shared.read<TraceView>(`/api/traces/${good.traceId}`, cookie)).spans, 1);
});

const malformed: readonly (readonly [
  name: string,
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
  status: number,
  message: RegExp,
])[] = [
  ['no JSON', '/v1/traces', '{"resourceSpans":', {}, 400, /not JSON in UTF-8/],
  ['nothing', '/v1/logs', '', {}, 400, /not an OTLP request: expected \{\\"resourceLogs\\":\[/],
  ['a list', '/v1/metrics', '[]', {}, 400, /expected \{\\"resourceMetrics\\":\[/],
  ['snake case', '/v1/traces', '{"resource_spans":[]}', {}, 400, /expected \{\\"resourceSpans\\":\[/],
  ['protobuf', '/v1/traces', 'x', { 'content-type': 'application/x-protobuf' }, 415, /only application\/json/],
  ['no gzip', '/v1/traces', '{}', { 'content-encoding': 'gzip' }, 400, /not gzip/],
  ['brotli', '/v1/traces', '{}', { 'content-encoding': 'br' }, 415, /only gzip/],
  [
    'a bomb',
    '/v1/traces',
    gzipSync(Buffer.alloc(32 * 1_048_576, ' ')),
    { 'content-encoding': 'gzip' },
    413,
    /larger than 16777216 bytes when unpacked/,
  ],
  ['no UTF-8', '/v1/traces', new Uint8Array([0x22, 0xff, 0x22]), {}, 400, /not JSON in UTF-8/],
  ['nesting', '/v1/traces', `${'['.repeat(200_000)}`, {}, 400, /not JSON|not an OTLP/],
  ['an object', '/api/v2/spans', '{}', {}, 400, /Expected a JSON_V2 encoded list/],
  [
    'upper case',
    '/api/v2/spans',
    '[{"traceId":"ABCDEF","id":"1"}]',
    {},
    400,
    /span at 0 has a "traceId" that is not 1 to 32 lower-case/,
  ],
  ['no id', '/api/v2/spans', '[{"traceId":"1"}]', {}, 400, /span at 0 has no "traceId" and "id"/],
  ['bad kind', '/api/v2/spans', '[{"traceId":"1","id":"1","kind":"server"}]', {}, 400, /has the kind "server"/],
  ['odd kind', '/api/v2/spans', '[{"traceId":"1","id":"1","kind":"toString"}]', {}, 400, /has the kind "toString"/],
  ['bad tag', '/api/v2/spans', '[{"traceId":"1","id":"1","tags":{"a":null}}]', {}, 400, /tag "a" that is not text/],
  ['version 1', '/api/v2/spans', '[{"traceId":"1","id":"1","binaryAnnotations":[]}]', {}, 400, /version 1/],
];

const codes: Readonly<Record<number, string>> = {
  400: 'CONSOLE_INGEST_MALFORMED',
  413: 'CONSOLE_INGEST_TOO_LARGE',
  415: 'CONSOLE_INGEST_ENCODING',
};

for (const [name, path, body, headers, expected, message] of malformed) {
  test(`telemetry that cannot be read is refused with the expected form: ${name} at ${path}`, async () => {
    const response = await shared.post(path, body, headers);
    const said = await response.text();
    assert.equal(response.status, expected);
    assert.match(said, message);
    if (path !== '/api/v2/spans') assert.equal((JSON.parse(said) as { code: string }).code, codes[expected]);
  });
}

test('no JSON whatsoever makes ingest fail', async () => {
  const keys = fc.constantFrom(
    ...[
      'resourceSpans',
      'scopeSpans',
      'spans',
      'resource',
      'attributes',
      'key',
      'value',
      'stringValue',
      'intValue',
      'kvlistValue',
      'values',
      'traceId',
      'spanId',
      'startTimeUnixNano',
      'status',
      'code',
      'events',
      'resourceLogs',
      'scopeLogs',
      'logRecords',
      'body',
      'severityNumber',
      'resourceMetrics',
      'scopeMetrics',
      'metrics',
      'gauge',
      'dataPoints',
      'asInt',
      'id',
      'tags',
      'annotations',
      'localEndpoint',
      '__proto__',
      'constructor',
    ],
  );
  const leaves = fc.oneof(
    fc.constantFrom(trace, '1'.repeat(16), '1700000000000000000', -1, 1e308, 2, null, true, ''),
    fc.string(),
    fc.double(),
    fc.integer(),
  );
  const { any } = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 9, withCrossShrink: true },
      leaves,
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(keys, tie('any'), { maxKeys: 5 }),
    ),
  }));
  const paths = ['/v1/traces', '/v1/logs', '/v1/metrics', '/api/v2/spans'] as const;
  const shapes = fc.oneof(
    any.map((value) => ({
      resourceSpans: [
        {
          resource: value,
          scopeSpans: [
            {
              spans: [
                value,
                {
                  traceId: trace,
                  spanId: '1'.repeat(16),
                  startTimeUnixNano: '1700000000000000000',
                  attributes: value,
                  events: [value],
                  status: value,
                },
              ],
            },
          ],
        },
      ],
    })),
    any.map((value) => ({
      resourceLogs: [
        { resource: value, scopeLogs: [{ logRecords: [value, { body: value, attributes: [{ key: 'a', value }] }] }] },
      ],
    })),
    any.map((value) => ({
      resourceMetrics: [{ scopeMetrics: [{ metrics: [value, { name: 'a', gauge: { dataPoints: [value] } }] }] }],
    })),
    any.map((value) => [
      { traceId: '1', id: '2', tags: value, annotations: value, localEndpoint: value, timestamp: value },
      value,
    ]),
    any,
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), shapes, async (path, body) => {
      const response = await shared.post(path, JSON.stringify(body) ?? 'null');
      await response.arrayBuffer();
      assert.ok(response.status < 500, `${path} answered ${response.status}`);
    }),
    { numRuns: 300 },
  );
  await shared.read('/api/traces?limit=500', cookie);
  await shared.read('/api/logs', cookie);
  await shared.read('/api/overview', cookie);
});
