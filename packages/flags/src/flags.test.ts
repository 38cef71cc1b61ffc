import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, Identity } from '@dure/core';
import { check, codeOf, live, sectionDefault } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { z } from 'zod';
import type { Decision } from './decide.ts';
import { flag } from './flag.ts';
import { flagsEndpoint } from './flags-endpoint.ts';
import { flagsSection } from './flags-section.ts';
import { openFlags } from './open-flags.ts';
import { placeOf, placesOf } from './place-of.ts';

const express = flag('expressDelivery', { default: false });
const layout = flag('checkoutLayout', { variants: ['classic', 'compact', 'wide'], default: 'classic' });
const shippingFrom = flag('freeShippingFrom', { default: 50, least: 0, most: 1_000 });
const banner = flag('banner', {
  schema: z.object({ text: z.string(), urgent: z.boolean().default(false) }),
  default: { text: '', urgent: false },
});
const all = [express, layout, shippingFrom, banner];
const section = flagsSection(all);

function rulesOf(config: Readonly<Record<string, unknown>>) {
  const checked = check(section.schema, config, section.at);
  assert.ok(checked.ok, checked.ok ? '' : JSON.stringify(checked.errors));
  return checked.value;
}

function opened(config: Readonly<Record<string, unknown>> = {}) {
  const rules = live(rulesOf(config));
  const seen: [string, Decision<unknown>][] = [];
  const flags = openFlags({ flags: all, rules, observe: (name, decision) => void seen.push([name, decision]) });
  return { flags, rules, seen };
}

function callOf(subject: string, roles: readonly string[] = []): Call {
  const identity: Identity = { kind: 'user', subject, roles, scopes: [] };
  return testCall({ identity });
}

test('a flag that nobody configures is what the code says', () => {
  const { flags } = opened();
  const call = callOf('ada');
  assert.equal(flags.isOn(express, call), false);
  assert.deepEqual(flags.decide(layout, call), { value: 'classic', variant: 'classic', reason: 'DEFAULT' });
  assert.deepEqual(flags.value(banner, call), { text: '', urgent: false });
  assert.deepEqual(
    [...sectionDefault(section).keys()],
    ['expressDelivery', 'checkoutLayout', 'freeShippingFrom', 'banner'],
  );
});

test('a configured value holds for everybody, as its schema makes it', () => {
  const { flags } = opened({
    expressDelivery: { value: true },
    freeShippingFrom: { value: 0 },
    banner: { value: { text: 'hello' } },
  });
  const call = testCall();
  assert.deepEqual(flags.decide(express, call), { value: true, variant: 'true', reason: 'STATIC' });
  assert.deepEqual(flags.decide(shippingFrom, call), { value: 0, variant: 'value', reason: 'STATIC' });
  assert.deepEqual(flags.value(banner, call), { text: 'hello', urgent: false });
});

test('rules are asked in their order, and all that a rule states must hold', () => {
  const { flags } = opened({
    checkoutLayout: {
      value: 'wide',
      rules: [
        { users: ['ada'], value: 'compact' },
        { roles: ['tester', 'admin'], where: { country: ['KR', 'JP'], age: [7] }, value: 'classic' },
        { users: ['ada', 'bob'], value: 'classic' },
      ],
    },
  });
  const korea = { attributes: { country: 'KR', age: 7 } };
  const ruled = (call: Call, context = {}) => {
    const { value, reason, rule } = flags.decide(layout, call, context);
    return [value, reason, rule];
  };
  assert.deepEqual(ruled(callOf('ada', ['tester']), korea), ['compact', 'TARGETING_MATCH', 0]);
  assert.deepEqual(ruled(callOf('eve', ['tester']), korea), ['classic', 'TARGETING_MATCH', 1]);
  assert.deepEqual(ruled(callOf('eve', ['tester']), { attributes: { country: 'KR' } }), ['wide', 'DEFAULT', undefined]);
  assert.deepEqual(ruled(callOf('eve'), korea), ['wide', 'DEFAULT', undefined]);
  assert.deepEqual(ruled(callOf('bob')), ['classic', 'TARGETING_MATCH', 2]);
  assert.deepEqual(ruled(testCall()), ['wide', 'DEFAULT', undefined]);
  const relayed: Identity = {
    kind: 'service',
    subject: 'cart',
    roles: [],
    scopes: [],
    onBehalfOf: callOf('bob').identity,
  };
  assert.deepEqual(
    ruled(testCall({ identity: relayed })),
    ['classic', 'TARGETING_MATCH', 2],
    'the user for whom a service asks',
  );
});

test('a growing percentage only adds users, and each flag begins with others', () => {
  const users = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);
  const on = (percent: number, name = 'expressDelivery') =>
    new Set(users.filter((user) => placeOf(placesOf(name), user) < percent));
  let before = on(0);
  assert.equal(before.size, 0);
  for (const percent of [1, 5, 25, 50, 75, 99, 100]) {
    const now = on(percent);
    assert.ok(
      [...before].every((user) => now.has(user)),
      `${percent} % takes nobody away`,
    );
    const expected = percent * 100;
    const deviation = Math.sqrt(10_000 * (percent / 100) * (1 - percent / 100));
    assert.ok(Math.abs(now.size - expected) <= 4 * deviation, `${percent} %: ${now.size}`);
    before = now;
  }
  const others = on(50, 'checkoutLayout');
  const both = [...on(50)].filter((user) => others.has(user)).length;
  assert.ok(both > 2_300 && both < 2_700, `${both} of 2 500 are first for both`);
});

test('ids that differ in one digit are spread evenly', () => {
  const tenths = new Array<number>(10).fill(0);
  for (let index = 0; index < 20_000; index += 1) {
    const tenth = Math.floor(
      placeOf(placesOf('banner'), `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`) / 10,
    );
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  const chiSquare = tenths.reduce((sum, count) => sum + (count - 2_000) ** 2 / 2_000, 0);
  assert.ok(chiSquare < 27.9, `χ² of nine degrees of freedom is ${chiSquare}: beyond 1 in 1 000`);
});

test('a share of the callers counts users by their id, others by the given key, and nobody without either', () => {
  const { flags } = opened({ expressDelivery: { rules: [{ percent: 100, value: true }] } });
  assert.deepEqual(flags.decide(express, callOf('ada')), { value: true, variant: 'true', reason: 'SPLIT', rule: 0 });
  assert.equal(flags.isOn(express, testCall()), false);
  assert.equal(flags.isOn(express, testCall(), { key: 'cart-1' }), true);
  const half = opened({ expressDelivery: { rules: [{ percent: 50, value: true }] } }).flags;
  const place = (user: string) => placeOf(placesOf('expressDelivery'), user) < 50;
  for (const user of ['ada', 'bob', 'cem', 'dan', 'eve'])
    assert.equal(
      half.isOn(express, callOf(user), { key: 'cart-1' }),
      place(user),
      `${user}: the id comes before the key`,
    );
});

test('a call keeps the rules with which it asked first, and so do its copies; the next one has the new ones', () => {
  const { flags, rules } = opened();
  const call = callOf('ada');
  assert.equal(flags.isOn(express, call), false);
  rules.set(rulesOf({ expressDelivery: { value: true }, freeShippingFrom: { value: 7 } }));
  assert.equal(flags.isOn(express, call.with({ deadline: 1 })), false);
  assert.equal(flags.value(shippingFrom, call), 50, 'also a flag that it had not asked for');
  assert.equal(flags.isOn(express, callOf('ada')), true);
});

test('every answer is told with its variant and reason', () => {
  const { flags, seen } = opened({ freeShippingFrom: { rules: [{ users: ['ada'], value: 1 }] } });
  flags.value(shippingFrom, callOf('ada'));
  flags.value(shippingFrom, callOf('bob'));
  assert.deepEqual(
    seen.map(([name, { variant, reason }]) => [name, variant, reason]),
    [
      ['freeShippingFrom', 'rule 0', 'TARGETING_MATCH'],
      ['freeShippingFrom', 'default', 'DEFAULT'],
    ],
  );
});

test('rules that do not fit are refused together, each at its place', () => {
  const checked = check(
    section.schema,
    {
      expressDelivery: { value: 'yes', rules: [{ percent: 101, value: true }, { users: ['ada'] }] },
      checkoutLayout: { rules: [{ value: 'fancy' }] },
      freeShippingFrom: { value: -1, rules: 'none' },
      banner: { value: { text: 1 } },
    },
    'dure.flags',
  );
  assert.deepEqual(
    checked.ok ? [] : checked.errors.map(({ path, message }) => `${path} ${message}`.replace(/ Invalid.*/, '')),
    [
      'dure.flags.expressDelivery.value must be true or false',
      'dure.flags.expressDelivery.rules.0.percent must be a number from 0 to 100',
      'dure.flags.expressDelivery.rules.1.value must say what the flag is for those that the rule is for',
      'dure.flags.checkoutLayout.rules.0.value must be one of its variants, classic, compact, wide',
      'dure.flags.freeShippingFrom.rules must be a list; begin each rule with "- "',
      'dure.flags.banner.value.text',
    ],
  );
});

test('a declaration that cannot be is refused', () => {
  const broken = [
    () => flag('Express', { default: false }),
    () => flag('a', { default: 5, most: 4 }),
    () => flag('a', { variants: ['x', 'x'], default: 'x' }),
    () => flag('a', { schema: z.string(), default: 5 as unknown as string }),
    () => flagsSection([express, flag('expressDelivery', { default: true })]),
  ];
  for (const declare of broken) assert.throws(declare, (error) => codeOf(error) === 'FLAGS_DECLARATION_INVALID');
});

test('a flag that the service does not list is a mistake at once', () => {
  const other = flag('other', { default: true });
  assert.throws(
    () => opened().flags.isOn(other, testCall()),
    (error) => codeOf(error) === 'FLAGS_UNDECLARED',
  );
});

test('the endpoint shows the flags, and what one is for somebody and why', async () => {
  const { flags, rules, seen } = opened({
    checkoutLayout: {
      rules: [
        { roles: ['tester'], where: { country: ['KR'] }, value: 'wide' },
        { percent: 100, value: 'compact' },
      ],
    },
  });
  const endpoint = flagsEndpoint(all, rules, flags);
  const ask = (path: readonly string[], query = {}) => endpoint.handle({ method: 'GET', path, query, body: undefined });
  const { body } = await ask([]);
  assert.deepEqual((body as { flags: unknown[] }).flags[1], {
    name: 'checkoutLayout',
    default: 'classic',
    variants: ['classic', 'compact', 'wide'],
    rules: [
      { value: 'wide', roles: ['tester'], where: { country: ['KR'] } },
      { value: 'compact', percent: 100 },
    ],
  });
  const decided = async (query: Record<string, string>) =>
    ((await ask(['checkoutLayout'], query)).body as { decision: unknown }).decision;
  assert.deepEqual(await decided({ user: 'ada', role: 'admin,tester', country: 'KR' }), {
    value: 'wide',
    variant: 'wide',
    reason: 'TARGETING_MATCH',
    rule: 0,
  });
  assert.deepEqual(await decided({ key: 'cart-1' }), {
    value: 'compact',
    variant: 'compact',
    reason: 'SPLIT',
    rule: 1,
  });
  assert.deepEqual(await decided({}), { value: 'classic', variant: 'classic', reason: 'DEFAULT' });
  assert.equal((await ask(['nothing'])).status, 404);
  assert.equal(seen.length, 0, 'what people look up is not counted');
});
