import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { test } from 'node:test';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import { frame, longestMessage } from '../grpc/frame-reader.ts';
import { encodeMessage } from '../grpc/message-json.ts';
import { readProto } from '../grpc/proto-files.ts';
import { named } from '../routing/named-layer.ts';
import { usersGateway, usersProto } from '../testing/grpc-users.ts';
import type { RawAnswer } from '../testing/raw-grpc-server.ts';
import { grpcFields, rawGrpcServer } from '../testing/raw-grpc-server.ts';

const user = readProto(usersProto).lookupType('shop.v1.User');
const ann = frame(encodeMessage(user, { id: 'ann' }));
const fine = { 'grpc-status': '0' };
const tooLong = Buffer.alloc(5);
tooLong.writeUInt32BE(longestMessage + 1, 1);

const invalid = 'GRPC_ANSWER_INVALID';
const answers: readonly (readonly [string, RawAnswer, number, string | undefined, RegExp?])[] = [
  ['a whole answer', { pieces: [ann], trailers: fine }, 200, undefined],
  ['bytes one by one', { pieces: [...ann].map((byte) => Buffer.from([byte])), trailers: fine }, 200, undefined],
  [
    'a type with its format',
    { fields: { 'content-type': 'application/grpc+proto' }, pieces: [ann], trailers: fine },
    200,
    undefined,
  ],
  ['no status', { pieces: [ann] }, 502, invalid, /without a status/],
  ['trailers without a status', { pieces: [ann], trailers: { 'x-other': '1' } }, 502, invalid, /without a status/],
  [
    'a head that is the end',
    { isHeadOnly: true, fields: { ...grpcFields, 'grpc-status': '5', 'grpc-message': 'gone%21' } },
    404,
    'GRPC_NOT_FOUND',
    /^gone!$/,
  ],
  [
    'a good head that is the end',
    { isHeadOnly: true, fields: { ...grpcFields, ...fine } },
    502,
    invalid,
    /without a message/,
  ],
  ['a head that is the end and says nothing', { isHeadOnly: true }, 502, invalid, /without a status/],
  ['a status that is no number', { pieces: [ann], trailers: { 'grpc-status': 'fine' } }, 500, 'SERVICE_INTERNAL'],
  ['a message and then an error', { pieces: [ann], trailers: { 'grpc-status': '7' } }, 403, 'GRPC_PERMISSION_DENIED'],
  ['no message', { trailers: fine }, 502, invalid, /without a message/],
  ['two messages', { pieces: [ann, ann], trailers: fine }, 502, invalid, /more than one message/],
  ['half of a message', { pieces: [ann.subarray(0, 7)], trailers: fine }, 502, invalid, /in the middle of a message/],
  ['half of a prefix', { pieces: [ann.subarray(0, 3)], trailers: fine }, 502, invalid, /in the middle of a message/],
  [
    'a compressed message',
    { fields: { ...grpcFields, 'grpc-encoding': 'snappy' }, pieces: [Buffer.from([1, 0, 0, 0, 1, 0])], trailers: fine },
    502,
    invalid,
    /compressed by "snappy"/,
  ],
  ['a message that is too long', { pieces: [tooLong], trailers: fine }, 502, invalid, /at most 4194304/],
  [
    'a message of another type',
    { pieces: [frame(Buffer.from('ffffff', 'hex'))], trailers: fine },
    502,
    invalid,
    /is no "User"/,
  ],
  [
    'another media type',
    { fields: { 'content-type': 'text/html' }, pieces: [Buffer.from('<p>')] },
    502,
    invalid,
    /media type/,
  ],
  ['no media type', { fields: {}, pieces: [ann], trailers: fine }, 502, invalid, /media type/],
  [
    'a proxy that is busy',
    { status: 503, fields: { 'content-type': 'text/html' }, pieces: [Buffer.from('<p>')] },
    503,
    'GRPC_UNAVAILABLE',
  ],
  ['a proxy that finds nothing', { status: 404, fields: {} }, 501, 'GRPC_UNIMPLEMENTED'],
  [
    'a stream that breaks off',
    { pieces: [ann.subarray(0, 7)], isReset: true },
    502,
    'GATEWAY_UPSTREAM_CLOSED',
    /broke off/,
  ],
  ['a stream that breaks off behind its message', { pieces: [ann], isReset: true }, 502, 'GATEWAY_UPSTREAM_CLOSED'],
];

test('an answer that is none of gRPC is a problem that says so, and never looks like a success', async () => {
  let answer: RawAnswer = {};
  await using server = await rawGrpcServer(() => answer);
  await using world = await usersGateway([server.port], { breaker: 'off' });
  for (const [name, given, expected, code, detail = /^/] of answers) {
    answer = given;
    const { status, value } = await world.ask('GET /users/ann');
    assert.deepEqual([status, value.code], [expected, code], name);
    assert.match(code === undefined ? '' : value.detail, detail, name);
  }
});

test('a read is sent again when its instance hangs up, and a write only when it was refused unread', async () => {
  for (const [code, line, body, calls, status] of [
    [constants.NGHTTP2_INTERNAL_ERROR, 'GET /users/ann', undefined, 2, 200],
    [constants.NGHTTP2_INTERNAL_ERROR, 'POST /users', {}, 1, 502],
    [constants.NGHTTP2_REFUSED_STREAM, 'POST /users', {}, 2, 201],
  ] as const) {
    const answer = (stream: { close(code: number): void }, call: number): RawAnswer | undefined => {
      if (total() > 1) return { pieces: [ann], trailers: fine };
      stream.close(code);
      return call === 0 ? {} : undefined;
    };
    await using one = await rawGrpcServer(answer);
    await using two = await rawGrpcServer(answer);
    const total = () => one.calls() + two.calls();
    await using world = await usersGateway([one.port, two.port]);
    assert.equal((await world.ask(line, body)).status, status, line);
    assert.equal(total(), calls, `${line} after ${code}`);
  }
});

test('a status is reason to ask again when a layer says so, as often as it says', async () => {
  const retrying: EdgeLayer = (next) => (exchange) => {
    exchange.retry = { retries: 2, statuses: [[503, 503]] };
    return next(exchange);
  };
  const layers = { 'users.getUser': [named('Retry', retrying)] };
  for (const [failures, code, status, calls] of [
    [2, '14', 200, 3],
    [3, '14', 503, 3],
    [1, '5', 404, 1],
  ] as const) {
    await using server = await rawGrpcServer((_stream, call) =>
      call > failures
        ? { pieces: [ann], trailers: fine }
        : { isHeadOnly: true, fields: { ...grpcFields, 'grpc-status': code } },
    );
    await using world = await usersGateway([server.port], { layers });
    assert.equal((await world.ask('GET /users/ann')).status, status);
    assert.equal(server.calls(), calls);
  }
});

test('an answer that ends without a status counts against its instance', async () => {
  await using server = await rawGrpcServer(() => ({ pieces: [ann] }));
  await using world = await usersGateway([server.port]);
  const codes = new Set<string>();
  for (let call = 0; call < 20; call += 1) codes.add((await world.ask('GET /users/ann')).value.code);
  assert.ok(codes.has('GATEWAY_BREAKER_OPEN'), [...codes].join());
});

test('a stream of events that goes wrong behind its first message breaks off', async () => {
  const bad: readonly (readonly [string, RawAnswer])[] = [
    ['it is reset', { pieces: [ann], isReset: true }],
    ['it ends in the middle of a message', { pieces: [ann, ann.subarray(0, 9)], trailers: fine }],
    ['it ends without a status', { pieces: [ann] }],
    ['a message is compressed', { pieces: [ann, Buffer.from([1, 0, 0, 0, 0])], trailers: fine }],
    ['a message is another', { pieces: [ann, frame(Buffer.from('ffffff', 'hex'))], trailers: fine }],
  ];
  let answer: RawAnswer = {};
  await using server = await rawGrpcServer(() => answer);
  await using world = await usersGateway([server.port], { breaker: 'off' });
  for (const [name, given] of bad) {
    answer = given;
    const followed = await fetch(`${world.gateway.origin}/users/ann/events`);
    assert.equal(followed.status, 200, name);
    await assert.rejects(followed.text(), name);
  }
  answer = { pieces: [ann], trailers: fine };
  const whole = await fetch(`${world.gateway.origin}/users/ann/events`);
  assert.equal(await whole.text(), 'data: {"id":"ann","points":"0"}\n\n');
});
