import assert from 'node:assert/strict';
import { test } from 'node:test';
import { event } from '@dure/messaging';
import { z } from 'zod';
import type { Bindings } from '../contract/index.ts';
import { bytes, command, contract, get, post } from '../contract/index.ts';
import { contractBreaks } from './contract-breaks.ts';
import type { ContractShape } from './contract-shape.ts';
import { contractShape } from './contract-shape.ts';

const users = () => ['order'];
const Id = z.object({ id: z.string() });
type Spec = Readonly<Record<string, unknown>>;

function happened(schema: z.ZodType, more: Spec = {}): ContractShape {
  const made = event('depot.sent', { schema, key: () => 'k', ...more } as never);
  return contractShape(contract('depot', {}, { emits: [made as never] }), users);
}
const bound = (bindings: Bindings) => contractShape(contract('depot', bindings), users);
const carriedOut = (spec: Spec = {}) => bound({ pack: command({ input: Id, key: () => 'k', ...spec } as never) });
const asked = (spec: Spec = {}, path = '/parcels') =>
  bound({ list: get(path, { access: 'user', output: Id, ...spec } as never) });
const sent = (spec: Spec = {}) => bound({ add: post('/parcels', { access: 'user', body: Id, ...spec } as never) });
const refusing = (codes: Readonly<Record<string, readonly [number, z.ZodType]>>) =>
  Object.fromEntries(Object.entries(codes).map(([code, [status, data]]) => [code, { status, data }]));

const upcast = (...versions: readonly number[]) =>
  Object.fromEntries(versions.map((version) => [version, (old: unknown) => old]));
const more = Id.extend({ note: z.string() });
const perhaps = Id.extend({ note: z.string().optional() });
const filled = Id.extend({ note: z.string().default('') });
const gone = { status: 404, data: Id };

type Case = readonly [what: string, before: ContractShape, now: ContractShape, breaks: readonly string[]];

const cases: readonly Case[] = [
  // events: whoever was built before reads what is written now, and whoever is built now reads what was written before
  ['an event as it was', happened(Id), happened(Id), []],
  ['an optional field in an event', happened(Id), happened(perhaps), []],
  ['a field with a default in an event', happened(Id), happened(filled), []],
  ['a demanded field in an event', happened(Id), happened(more), ['data.note absent']],
  ['a field less in an event', happened(more), happened(Id), ['data.note absent']],
  ['an optional field less in an event', happened(perhaps), happened(Id), []],
  ['a field of an event that becomes optional', happened(more), happened(perhaps), ['data.note absent']],
  ['an optional field of an event that becomes demanded', happened(perhaps), happened(more), ['data.note absent']],
  [
    'another name for a field of an event',
    happened(Id),
    happened(z.object({ key: z.string() })),
    ['data.key renamed', 'data.id renamed'],
  ],
  [
    'a wider type in an event',
    happened(z.object({ n: z.int() })),
    happened(z.object({ n: z.number() })),
    ['data.n type'],
  ],
  [
    'a narrower type in an event',
    happened(z.object({ n: z.number() })),
    happened(z.object({ n: z.int() })),
    ['data.n type'],
  ],
  [
    'a value more in an event',
    happened(z.object({ s: z.enum(['a']) })),
    happened(z.object({ s: z.enum(['a', 'b']) })),
    ['data.s value'],
  ],
  [
    'a value less in an event',
    happened(z.object({ s: z.enum(['a', 'b']) })),
    happened(z.object({ s: z.enum(['a']) })),
    ['data.s value'],
  ],
  [
    'a narrower limit in an event',
    happened(z.object({ s: z.string() })),
    happened(z.object({ s: z.string().max(9) })),
    ['data.s limit'],
  ],
  [
    'a format in an event',
    happened(z.object({ s: z.string() })),
    happened(z.object({ s: z.uuid() })),
    ['data.s format'],
  ],
  ['an event that is gone', happened(Id), bound({}), [' removed']],
  ['a new event', bound({}), happened(Id), []],
  [
    'a new version of an event',
    happened(Id),
    happened(z.object({ n: z.int() }), { version: 2, upcast: upcast(1) }),
    [],
  ],
  [
    'a new version of an event without an upcast',
    happened(Id),
    happened(more, { version: 2, upcast: {} }),
    ['upcast.1 upcast-missing'],
  ],
  [
    'two new versions of an event, one upcast',
    happened(Id),
    happened(more, { version: 3, upcast: upcast(2) }),
    ['upcast.1 upcast-missing'],
  ],
  [
    'an upcast that is gone',
    happened(Id, { version: 3, upcast: upcast(1, 2) }),
    happened(Id, { version: 3, upcast: upcast(2) }),
    ['upcast.1 upcast-missing'],
  ],
  [
    'a lower version of an event',
    happened(Id, { version: 2, upcast: upcast(1) }),
    happened(Id),
    ['version version-lowered'],
  ],
  // commands: what is sent by who was built before is still carried out
  ['a command as it was', carriedOut(), carriedOut(), []],
  ['an optional field in a command', carriedOut(), carriedOut({ input: perhaps }), []],
  ['a demanded field in a command', carriedOut(), carriedOut({ input: more }), ['input.note absent']],
  ['a field less in a command', carriedOut({ input: more }), carriedOut(), []],
  [
    'a field less in a strict command',
    carriedOut({ input: more }),
    carriedOut({ input: z.strictObject(Id.shape) }),
    ['input.note refused'],
  ],
  [
    'another name for an optional field of a command',
    carriedOut({ input: perhaps }),
    carriedOut({ input: Id.extend({ remark: z.string().optional() }) }),
    ['input.note renamed'],
  ],
  [
    'a value more in a command',
    carriedOut({ input: z.object({ id: z.enum(['a']) }) }),
    carriedOut({ input: z.object({ id: z.enum(['a', 'b']) }) }),
    [],
  ],
  [
    'a value less in a command',
    carriedOut({ input: z.object({ id: z.enum(['a', 'b']) }) }),
    carriedOut({ input: z.object({ id: z.enum(['a']) }) }),
    ['input.id value'],
  ],
  ['a new version of a command', carriedOut(), carriedOut({ input: more, version: 2, upcast: upcast(1) }), []],
  [
    'a new version of a command without an upcast',
    carriedOut(),
    carriedOut({ input: more, version: 2, upcast: {} }),
    ['upcast.1 upcast-missing'],
  ],
  [
    'a lower version of a command',
    carriedOut({ version: 2, upcast: upcast(1) }),
    carriedOut(),
    ['version version-lowered'],
  ],
  ['a command that is gone', carriedOut(), bound({}), [' removed']],
  // answers
  ['an answer where there was none', carriedOut(), carriedOut({ output: Id }), []],
  ['an answer that is gone', carriedOut({ output: Id }), carriedOut(), ['output answer']],
  ['a field less in an answer', carriedOut({ output: more }), carriedOut({ output: Id }), ['output.note absent']],
  ['an optional field in an answer', carriedOut({ output: Id }), carriedOut({ output: perhaps }), []],
  [
    'a demanded field in an answer that is kept in a log',
    carriedOut({ output: Id }),
    carriedOut({ output: more }),
    ['output.note absent'],
  ],
  [
    'a new version does not excuse an answer',
    carriedOut({ output: more }),
    carriedOut({ output: Id, version: 2, upcast: upcast(1) }),
    ['output.note absent'],
  ],
  [
    'a value more in an answer',
    carriedOut({ output: z.object({ s: z.enum(['a']) }) }),
    carriedOut({ output: z.object({ s: z.enum(['a', 'b']) }) }),
    ['output.s value'],
  ],
  // refusals
  ['a new refusal', carriedOut(), carriedOut({ refuses: { Gone: gone } }), ['refuses.Gone refusal-added']],
  ['a refusal less', carriedOut({ refuses: { Gone: gone } }), carriedOut(), []],
  [
    'a field less in a refusal',
    carriedOut({ refuses: refusing({ Gone: [404, more] }) }),
    carriedOut({ refuses: refusing({ Gone: [404, Id] }) }),
    ['refuses.Gone.note absent'],
  ],
  [
    'a field more in a refusal',
    carriedOut({ refuses: refusing({ Gone: [404, Id] }) }),
    carriedOut({ refuses: refusing({ Gone: [404, more] }) }),
    [],
  ],
  [
    'another status of a refusal',
    asked({ refuses: { Gone: gone } }),
    asked({ refuses: { Gone: { ...gone, status: 410 } } }),
    ['refuses.Gone status'],
  ],
  // operations
  ['an operation as it was', asked(), asked(), []],
  ['a demanded field in an answer that is told at once', asked({ output: Id }), asked({ output: more }), []],
  ['a field less in an answer over HTTP', asked({ output: more }), asked({ output: Id }), ['output.note absent']],
  [
    'a field with a default that is only optional now',
    asked({ output: filled }),
    asked({ output: perhaps }),
    ['output.note absent'],
  ],
  ['a query where there was none', asked(), asked({ query: z.object({ limit: z.string() }) }), ['query.limit absent']],
  ['an optional query where there was none', asked(), asked({ query: z.object({ limit: z.string().optional() }) }), []],
  ['a query that is gone', asked({ query: z.object({ limit: z.string() }) }), asked(), []],
  ['a demanded field in a body', sent(), sent({ body: more }), ['body.note absent']],
  ['a field with a default in a body', sent(), sent({ body: filled }), []],
  ['a field with a default that is demanded now', sent({ body: filled }), sent({ body: more }), ['body.note absent']],
  [
    'a longer least length in a body',
    sent({ body: z.object({ id: z.string() }) }),
    sent({ body: z.object({ id: z.string().min(1) }) }),
    ['body.id limit'],
  ],
  ['another path', asked(), asked({}, '/boxes'), ['route route']],
  ['more who may call', asked({ access: 'user' }), asked({ access: 'public' }), []],
  ['fewer who may call', asked({ access: 'public' }), asked({ access: 'user' }), ['access access']],
  ['anybody signed in instead of a role', asked({ access: { role: 'admin' } }), asked({ access: 'user' }), []],
  ['another role', asked({ access: { role: 'admin' } }), asked({ access: { role: 'clerk' } }), ['access access']],
  ['a key that is demanded', sent(), sent({ idempotent: 'key' }), ['key key']],
  ['a key that is not demanded any more', sent({ idempotent: 'key' }), sent(), []],
  ['a stream', asked(), asked({ stream: true }), ['stream stream']],
  [
    'fewer media types',
    sent({ body: bytes({ type: ['image/png', 'image/gif'] }) }),
    sent({ body: bytes({ type: 'image/png' }) }),
    ['body value'],
  ],
  ['an operation that is gone', asked(), bound({}), [' removed']],
];

const breaksOf = (before: ContractShape, now: ContractShape) => contractBreaks({ depot: before }, { depot: now });

for (const [what, before, now, breaks] of cases) {
  test(`${what} ${breaks.length === 0 ? 'breaks nobody' : 'is found'}`, () => {
    const found = breaksOf(before, now);
    assert.deepEqual(
      found.map(({ place, rule }) => `${place} ${rule}`),
      breaks,
    );
    assert.ok(found.every(({ users: broken, fix, text }) => broken.includes('order') && fix !== '' && text !== ''));
  });
}

test('there are cases enough, of both outcomes', () => {
  assert.ok(cases.length >= 60, `${cases.length} cases`);
  assert.ok(cases.filter(([, , , breaks]) => breaks.length === 0).length >= 20);
});

test('what nobody used can go, and a service that is gone takes its parts with it', () => {
  const unused = contractShape(contract('depot', { pack: command({ input: Id, key: ({ id }) => id }) }), () => []);
  assert.deepEqual(breaksOf(unused, {}), []);
  assert.deepEqual(
    contractBreaks({ depot: carriedOut() }, {}).map(({ service, part, name, rule }) => [service, part, name, rule]),
    [['depot', 'command', 'pack', 'removed']],
  );
});

test('those who used it before and those who use it now are named', () => {
  const of = (schema: z.ZodType, names: readonly string[]) =>
    contractShape(contract('depot', {}, { emits: [event('depot.sent', { schema, key: () => 'k' })] }), () => names);
  const [found] = breaksOf(of(Id, ['search', 'order']), of(more, ['stock', 'order']));
  assert.deepEqual(found?.users, ['order', 'search', 'stock']);
  assert.equal(found?.text, 'is demanded now, and what earlier messages hold may lack it');
  assert.match(found?.fix ?? '', /^raise `version` to 2 and give `upcast: \{ 1: \(old\) => … \}`/);
});

test('a shape is data, and the same however its schemas are written', () => {
  const [one, other] = [
    happened(z.object({ b: z.enum(['x', 'y']).describe('first'), a: z.int() })),
    happened(z.object({ a: z.int(), b: z.enum(['y', 'x']) })),
  ];
  assert.equal(JSON.stringify(one), JSON.stringify(other));
  assert.deepEqual(JSON.parse(JSON.stringify(one)), one);
});
