import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpSpec } from '@dure/service/contract';
import { contract, put } from '@dure/service/contract';
import fc from 'fast-check';
import { z } from 'zod';
import { usersProto } from '../testing/grpc-users.ts';
import { grpcMethods } from './grpc-method.ts';
import type { RequestParts } from './request-message.ts';
import { requestMessage } from './request-message.ts';

const loose = z.looseObject({});
const methods = grpcMethods();

/** The fields that a request sets, as the method's server reads them. */
function sent(
  { method, body, ...spec }: Omit<Partial<HttpSpec>, 'body'> & { readonly method: string; readonly body?: string },
  parts: Partial<RequestParts>,
) {
  const grpc = { service: 'shop.v1.Users', method, ...usersProto };
  const { operations } = contract('users', {
    one: put(spec.params === undefined ? '/users' : '/users/:id', {
      body: loose,
      query: loose,
      ...spec,
      access: 'public',
      grpc: body === undefined ? grpc : { ...grpc, body },
    }),
  });
  const found = methods(operations.one, operations.one.spec.grpc);
  const bytes = requestMessage(operations.one, found, { variables: {}, query: '', body: {}, ...parts });
  return found.input.toObject(found.input.decode(bytes), { longs: String });
}

test('the body is the message, and what the path says counts before it', () => {
  const spec = { method: 'CreateUser', params: loose };
  assert.deepEqual(sent(spec, { variables: { id: '7' }, body: { id: '8', full_name: 'Ann' } }), {
    id: '7',
    fullName: 'Ann',
  });
});

test('the body may fill one field, beside path and query', () => {
  const spec = { method: 'UpdateUser', params: loose, body: 'user' };
  const parts = { variables: { id: '7' }, query: '?updateMask=fullName,createdAt', body: { fullName: 'Ann' } };
  assert.deepEqual(sent(spec, parts), {
    id: '7',
    user: { fullName: 'Ann' },
    updateMask: { paths: ['full_name', 'created_at'] },
  });
});

test('parameters of the query fill fields by either name, nested ones by their path, lists by repetition', () => {
  const query = '?text=a+b%26c&filter.min_age=18&filter.active=true&tags=x&tags=y&exact=false';
  assert.deepEqual(sent({ method: 'Search' }, { query }), {
    text: 'a b&c',
    filter: { minAge: 18, active: true },
    tags: ['x', 'y'],
  });
  assert.deepEqual(sent({ method: 'Search' }, { query: '?tags=x' }), { tags: ['x'] });
});

test('only what the contract declares is sent, with the values that its schemas decode', () => {
  const query = z.object({ text: z.string().default('all'), exact: z.stringbool() });
  const parts = { query: '?exact=yes&filter.minAge=1&tags=x' };
  assert.deepEqual(sent({ method: 'Search', query }, parts), { text: 'all', exact: true });
  const body = z.object({ fullName: z.string() });
  const sneaked = { fullName: 'Ann', passwordHash: 'mine' };
  const { operations } = contract('users', {
    one: put('/users', {
      body,
      access: 'public',
      grpc: { service: 'shop.v1.Users', method: 'CreateUser', ...usersProto },
    }),
  });
  const found = methods(operations.one, operations.one.spec.grpc);
  const bytes = requestMessage(operations.one, found, { variables: {}, query: '?id=7', body: sneaked });
  assert.deepEqual(found.input.toObject(found.input.decode(bytes)), { fullName: 'Ann' });
});

const refused: readonly (readonly [string, Parameters<typeof sent>, RegExp])[] = [
  ['a body that does not fit the contract', [{ method: 'CreateUser' }, { body: 5 }], /users\.one: body: /],
  ['a body that is a list', [{ method: 'CreateUser' }, { body: [] }], /body: /],
  ['a parameter that is no field', [{ method: 'Search' }, { query: '?utm=1' }], /unknown field "utm"/],
  [
    'a field named as what objects inherit',
    [{ method: 'Search' }, { query: '?filter.__proto__=1', body: { filter: {} } }],
    /"__proto__"/,
  ],
  ['a path to no field', [{ method: 'Search' }, { query: '?filter.x=1' }], /SearchRequest\.Filter: unknown field "x"/],
  ['a path through a value', [{ method: 'Search' }, { query: '?text.x=1' }], /unknown field "text\.x"/],
  ['a path through a list', [{ method: 'Search' }, { query: '?tags.x=1' }], /unknown field "tags\.x"/],
  ['a parameter twice for one value', [{ method: 'Search' }, { query: '?text=a&text=b' }], /text: expected string/],
  ['a field by both of its names', [{ method: 'Search' }, { query: '?filter.minAge=1&filter.min_age=2' }], /min_age/],
  ['a value that is no number', [{ method: 'Search' }, { query: '?filter.minAge=a' }], /minAge: invalid integer/],
  ['a message as one parameter', [{ method: 'Search' }, { query: '?filter=1' }], /expected object/],
  [
    'a field of the body in the query',
    [{ method: 'Search' }, { query: '?text=a', body: { text: 'b' } }],
    /both in the/,
  ],
  ['a nested one in both', [{ method: 'Search' }, { query: '?filter.minAge=1', body: { filter: 5 } }], /both in the/],
];
for (const [name, [spec, parts], message] of refused) {
  test(`${name} is refused`, () => assert.throws(() => sent(spec, parts), message));
}

test('no query does anything but set fields or be refused', () => {
  const name = fc.constantFrom(
    'text',
    'filter',
    'filter.minAge',
    'tags',
    '__proto__',
    'constructor',
    'a.__proto__.b',
    '',
  );
  const pairs = fc.array(fc.tuple(fc.oneof(name, fc.string()), fc.string()), { maxLength: 5 });
  fc.assert(
    fc.property(pairs, (all) => {
      const query = `?${new URLSearchParams(all)}`;
      try {
        for (const key of Object.keys(sent({ method: 'Search' }, { query })))
          assert.ok(['text', 'filter', 'tags', 'exact'].includes(key), key);
      } catch (error) {
        assert.match(String(error), /DureError/);
      }
      assert.equal(({} as { b?: unknown }).b, undefined);
    }),
  );
});
