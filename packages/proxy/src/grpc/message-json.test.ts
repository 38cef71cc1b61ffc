import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { usersProto } from '../testing/grpc-users.ts';
import { decodeMessage, encodeMessage } from './message-json.ts';
import { readProto } from './proto-files.ts';

const root = readProto(usersProto);
const user = root.lookupType('shop.v1.User');

const defaults = { id: '', fullName: '', points: '0', tier: 'TIER_UNSPECIFIED', tags: [], visits: {}, photo: '' };
const rest = { score: 0, passwordHash: '' };

test('every type has its form of ProtoJSON, there and back', () => {
  const value = {
    ...defaults,
    ...rest,
    id: 'ann',
    fullName: '안나',
    points: '9007199254740993',
    age: 0,
    tier: 'GOLD',
    tags: ['a', ''],
    visits: { seoul: 3, '': 0 },
    photo: 'AQL/',
    createdAt: '2026-01-02T03:04:05.006Z',
    session: '1.500s',
    newsletter: false,
    preferences: { theme: 'dark', sizes: [1, null, { a: true }] },
    extra: { '@type': 'type.googleapis.com/shop.v1.GetUserRequest', id: '7' },
    email: '',
    invitedBy: { ...defaults, ...rest, id: 'bob' },
    score: -0.5,
  };
  assert.deepEqual(decodeMessage(user, encodeMessage(user, value)), value);
});

test('fields without presence are there with their defaults, the others only when they were sent', () => {
  assert.deepEqual(decodeMessage(user, new Uint8Array()), { ...defaults, ...rest });
  const response = root.lookupType('shop.v1.SearchResponse');
  assert.deepEqual(decodeMessage(response, encodeMessage(response, { users: [{}] })), {
    users: [{ ...defaults, ...rest }],
    total: 0,
  });
});

test('names of the .proto file, numbers as text and enumerations by number are read as well', () => {
  const bytes = encodeMessage(user, { full_name: 'x', points: 5, age: '7', tier: 2, score: 'NaN', photo: '_-8' });
  assert.deepEqual(decodeMessage(user, bytes), {
    ...defaults,
    ...rest,
    fullName: 'x',
    points: '5',
    age: 7,
    tier: 'GOLD',
    score: 'NaN',
    photo: '/+8=',
  });
});

const bad: readonly (readonly [string, unknown, RegExp])[] = [
  ['an unknown field', { nickname: 'x' }, /^shop\.v1\.User: unknown field "nickname"$/],
  ['a field named as what objects inherit', JSON.parse('{"__proto__": 1}'), /unknown field "__proto__"/],
  ['a number that is none', { age: 'secret' }, /^shop\.v1\.User\.age: invalid integer$/],
  ['a number beyond its type', { age: 2 ** 31 }, /^shop\.v1\.User\.age: out of range for int32$/],
  ['a value of another type', { fullName: 5 }, /^shop\.v1\.User\.fullName: expected string$/],
  ['a list that is none', { tags: 'secret' }, /^shop\.v1\.User\.tags: expected array$/],
  ['an enumeration that is none', { tier: 'secret' }, /^shop\.v1\.User\.tier: unknown enum value$/],
  ['a time that is none', { createdAt: 'secret' }, /^google\.protobuf\.Timestamp: invalid timestamp$/],
  ['bytes that are none', { photo: '!' }, /^shop\.v1\.User: invalid encoding$/],
  ['two of one choice', { email: 'a', phone: 'b' }, /multiple values for oneof contact/],
  ['a nested field of another type', { invitedBy: { age: [] } }, /^shop\.v1\.User\.age: expected integer/],
  ['a message that is none', { invitedBy: 'secret' }, /^shop\.v1\.User: expected object$/],
  ['an Any of a type that nobody knows', { extra: { '@type': 'x/other.Type' } }, /^shop\.v1\.User: /],
  ['half of a letter', { fullName: '\ud800' }, /unpaired high surrogate/],
  ['no message at all', 5, /expected object/],
];
for (const [name, value, message] of bad) {
  test(`${name} is refused with the field and without the value`, () => {
    assert.throws(
      () => encodeMessage(user, value),
      (error) => {
        assert.ok(error instanceof Error && 'code' in error && error.code === 'GRPC_MESSAGE_INVALID');
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  });
}

test('what is nested too deep is refused and not followed', () => {
  let value: unknown = {};
  for (let depth = 0; depth < 5_000; depth += 1) value = { invitedBy: value };
  assert.throws(() => encodeMessage(user, value), /max depth exceeded/);
});

test('any user comes back as it was', () => {
  const text = fc.string({ unit: 'binary' });
  const users = fc.record({
    id: text,
    points: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    age: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    tier: fc.constantFrom('TIER_UNSPECIFIED', 'BASIC', 'GOLD'),
    tags: fc.array(text),
    visits: fc.dictionary(text, fc.integer({ min: 0, max: 99 })),
    photo: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
    preferences: fc.dictionary(text, fc.jsonValue({ noUnicodeString: false })),
    score: fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => one + 0),
  });
  fc.assert(
    fc.property(users, (value) => {
      const back = JSON.parse(JSON.stringify(decodeMessage(user, encodeMessage(user, value))));
      assert.deepEqual(back, JSON.parse(JSON.stringify({ ...defaults, ...rest, ...value })));
    }),
  );
});

test('any JSON is a message or is refused', () => {
  const names = [...user.fieldsArray.map(({ jsonName }) => jsonName), '__proto__', 'seconds', '@type'];
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.jsonValue({ maxDepth: 0 }),
      fc.array(tie('value'), { maxLength: 3 }),
      fc
        .array(fc.tuple(fc.constantFrom(...names), tie('value')), { maxLength: 4 })
        .map((all) => Object.fromEntries(all)),
    ),
  }));
  let messages = 0;
  fc.assert(
    fc.property(value, (one) => {
      try {
        JSON.stringify(decodeMessage(user, encodeMessage(user, one)));
        messages += 1;
      } catch (error) {
        assert.ok(error instanceof Error && 'code' in error && error.code === 'GRPC_MESSAGE_INVALID', String(error));
      }
    }),
    { numRuns: 3_000 },
  );
  assert.ok(messages > 100, `${messages} were messages`);
});

test('no bytes make the decoder do anything but return or throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        JSON.stringify(decodeMessage(user, bytes));
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }),
    { numRuns: 2_000 },
  );
});
