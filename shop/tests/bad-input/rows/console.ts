import { at, get, post, send } from '../bad-request.ts';

const from = 'order' as const;
const page = { from: 'the console session' } as const;
const span = { traceId: 'a'.repeat(32), id: 'b'.repeat(16), name: 'x' };
const bomb = Buffer.from('H4sIAAAAAAAAA+3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA', 'base64');
const zipkin = (body: unknown, type?: string) =>
  post('/api/v2/spans', body, { from, ...(type === undefined ? {} : { type }) });
const listOf = /^Expected a JSON_V2 encoded list/;

/** The trace collector: OTLP's `Status` and Zipkin's text, as their senders expect. */
export const collectorRows = at('console', [
  ['OTLP from nobody', post('/v1/traces', {}), 401, 'SERVICE_TOKEN_MISSING', /needs a token/],
  ['OTLP from a customer', post('/v1/traces', {}, { from: 'customer' }), 403, 'SERVICE_FORBIDDEN', /services only/],
  [
    'OTLP that is something else',
    post('/v1/traces', {}, { from }),
    400,
    'CONSOLE_INGEST_MALFORMED',
    /expected \{"resourceSpans"/,
  ],
  [
    'OTLP logs that are something else',
    post('/v1/logs', [], { from }),
    400,
    'CONSOLE_INGEST_MALFORMED',
    /"resourceLogs"/,
  ],
  [
    'OTLP metrics that are something else',
    post('/v1/metrics', 7, { from }),
    400,
    'CONSOLE_INGEST_MALFORMED',
    /"resourceMetrics"/,
  ],
  [
    'half an OTLP request',
    post('/v1/traces', '{"resourceSpans":[', { from }),
    400,
    'CONSOLE_INGEST_MALFORMED',
    /not JSON/,
  ],
  [
    'OTLP that is no UTF-8',
    post('/v1/traces', Uint8Array.of(0x22, 0xff, 0x22), { from }),
    400,
    'CONSOLE_INGEST_MALFORMED',
    /UTF-8/,
  ],
  [
    'OTLP in protocol buffers',
    post('/v1/traces', 'x', { from, type: 'application/x-protobuf' }),
    415,
    'CONSOLE_INGEST_ENCODING',
    /only application\/json/,
  ],
  [
    'OTLP packed by an unknown packer',
    post('/v1/traces', 'x', { from, fields: { 'content-encoding': 'br' } }),
    415,
    'CONSOLE_INGEST_ENCODING',
    /only gzip/,
  ],
  [
    'OTLP that is no gzip',
    post('/v1/traces', 'x', { from, fields: { 'content-encoding': 'gzip' } }),
    400,
    'CONSOLE_INGEST_MALFORMED',
    /not gzip/,
  ],
  [
    'half of a gzip',
    post('/v1/traces', bomb.subarray(0, 20), { from, fields: { 'content-encoding': 'gzip' } }),
    400,
    'CONSOLE_INGEST_MALFORMED',
    /not gzip/,
  ],
  [
    'a stated OTLP body of 5 MiB', // not sent: a server that hangs up meanwhile takes its answer with it
    post('/v1/traces', '"a"', { from, fields: { 'content-length': String(5 * 2 ** 20) } }),
    413,
    'SERVICE_BODY_TOO_LARGE',
    /4194304 bytes/,
  ],
  ['OTLP by GET', get('/v1/traces', { from }), 404, 'CONSOLE_NOT_FOUND', /nothing at/],
  ['Zipkin from nobody', post('/api/v2/spans', []), 401, 'SERVICE_TOKEN_MISSING', /needs a token/],
  ['an object for Zipkin', zipkin({}), 400, null, listOf],
  ['half a list for Zipkin', zipkin('[{'), 400, null, /not JSON/],
  ['a number in the list', zipkin([7]), 400, null, /the span at 0 is not an object/],
  ['a span without ids', zipkin([span, { name: 'x' }]), 400, null, /the span at 1 has no "traceId" and "id"/],
  ['a trace id that is none', zipkin([{ ...span, traceId: 'xyz' }]), 400, null, /"traceId" that is not 1 to 32/],
  ['a span id of zeros', zipkin([{ ...span, id: '0000000000000000' }]), 400, null, /"id" of zeros/],
  ['an unknown kind', zipkin([{ ...span, kind: 'FRIEND' }]), 400, null, /the kind "FRIEND"; CLIENT, SERVER/],
  [
    'a kind named as a property of all objects',
    zipkin([{ ...span, kind: 'constructor' }]),
    400,
    null,
    /the kind "constructor"/,
  ],
  ['a tag that is no text', zipkin([{ ...span, tags: { a: {} } }]), 400, null, /a tag "a" that is not text/],
  ['an annotation without a time', zipkin([{ ...span, annotations: [{ value: 'x' }] }]), 400, null, /annotation/],
  ['a span of version 1', zipkin([{ ...span, binaryAnnotations: [] }]), 400, null, /version 1/],
  ['Zipkin in Thrift', zipkin('x', 'application/x-thrift'), 415, null, /only application\/json/],
]);

/** Zipkin's query API and the console's own, behind its session. */
export const consoleRows = at('console', [
  ['a page without a session', get('/'), 401, null, /dure status/],
  ['a spent token', get('/?token=spent'), 401, null, /dure status/],
  ['the API without a session', get('/api/services'), 401, 'CONSOLE_SIGN_IN', /no session/],
  [
    'a cookie that is none',
    get('/api/services', { fields: { cookie: 'dure_console=1.x' } }),
    401,
    'CONSOLE_SIGN_IN',
    /no session/,
  ],
  ['a customer', get('/api/services', { from: 'customer' }), 401, 'CONSOLE_SIGN_IN', /no session/],
  [
    'another name of the host',
    get('/', { fields: { host: 'evil.example' } }),
    403,
    'CONSOLE_HOST',
    /asked for as "evil\.example"/,
  ],
  [
    'another name, with a session',
    get('/api/services', { ...page, fields: { host: 'evil.example' } }),
    403,
    'CONSOLE_HOST',
    /evil/,
  ],
  [
    'a window that is too long',
    get('/api/overview?windowMs=99999999', page),
    400,
    'CONSOLE_QUERY_INVALID',
    /query\.windowMs: .*3600000/,
  ],
  [
    'a window that is no number',
    get('/api/overview?windowMs=long', page),
    400,
    'CONSOLE_QUERY_INVALID',
    /query\.windowMs/,
  ],
  ['too many traces', get('/api/traces?limit=501', page), 400, 'CONSOLE_QUERY_INVALID', /query\.limit: .*500/],
  ['a trace id that is none', get('/api/traces/xyz', page), 400, 'CONSOLE_QUERY_INVALID', /params\.traceId/],
  ['an unknown trace', get(`/api/traces/${'f'.repeat(32)}`, page), 404, 'UnknownTrace', /^$/],
  ['an unknown level', get('/api/logs?level=loud', page), 400, 'CONSOLE_QUERY_INVALID', /query\.level/],
  ['an unknown level, live', get('/api/logs/tail?level=loud', page), 400, 'CONSOLE_QUERY_INVALID', /query\.level/],
  ['a path of the API that is none', get('/api/nothing', page), 404, 'CONSOLE_NOT_FOUND', /nothing at \/api\/nothing/],
  ['a file that is none', get('/nothing.js', page), 404, 'CONSOLE_NOT_FOUND', /no page or file/],
  ['a file outside', get('/..%2f..%2fpackage.json', page), 404, 'CONSOLE_NOT_FOUND', /no page or file/],
  ['a write to a page', post('/', {}, page), 405, 'SERVICE_METHOD_NOT_ALLOWED', /takes GET/, { allow: /^GET$/ }],
  [
    'the end of the services',
    send('DELETE', '/api/services', page),
    405,
    'SERVICE_METHOD_NOT_ALLOWED',
    /takes GET/,
    { allow: /^GET$/ },
  ],
  ['Zipkin’s query without a session', get('/api/v2/services'), 401, 'CONSOLE_SIGN_IN', /no session/],
  [
    'Zipkin’s query for no service',
    get('/api/v2/spans', page),
    400,
    null,
    /^Required request parameter 'serviceName' is missing$/,
  ],
  ['Zipkin’s trace id that is none', get('/api/v2/trace/xyz', page), 400, null, /^xyz is not a trace id/],
  ['Zipkin’s unknown trace', get('/api/v2/trace/abc', page), 404, null, /^abc not found$/],
  ['Zipkin’s query with a bad limit', get('/api/v2/traces?limit=0', page), 400, null, /greater than 0/],
  ['Zipkin’s query with a bad time', get('/api/v2/traces?endTs=today', page), 400, null, /whole number/],
  [
    'Zipkin’s query with half a duration',
    get('/api/v2/traces?maxDuration=1', page),
    400,
    null,
    /only valid with minDuration/,
  ],
  ['Zipkin’s dependencies of no time', get('/api/v2/dependencies', page), 400, null, /'endTs' is missing/],
  ['Zipkin’s one trace as many', get('/api/v2/traceMany?traceIds=a', page), 400, null, /at least two/],
]);
