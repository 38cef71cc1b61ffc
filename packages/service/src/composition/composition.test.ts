import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { contract, get } from '../contract/index.ts';
import { order, orderParts, reviews, user } from '../testing/order-pages.ts';
import { composedService } from './composed-service.ts';
import { composition } from './composition.ts';
import { page } from './page.ts';

describe('SERVICE_COMPOSITION_INVALID', () => {
  const { count } = reviews.operations;
  const empty = composition({});
  const output = z.object({});
  const twoRefusals = composition({})
    .part('me', user.operations.getMe, {})
    .part(
      'you',
      contract('user', {
        get: get('/', { output, access: 'public', refuses: { UnknownUser: { status: 410, data: output } } }),
      }).operations.get,
      {},
    );
  const wrong: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['two parts of one name', () => empty.part('a', count, {}).part('a' as never, count, {}), /one of that name/],
    ['a part that waits for none there is', () => empty.part('a', count, { after: ['b' as never] }), /waits for "b"/],
    [
      'an operation with effects',
      () => empty.part('a', order.operations.place, { input: () => ({ body: {} }) }),
      /has effects/,
    ],
    ['an operation of no contract', () => empty.part('a', { ...count }, {}), /of no contract/],
    ['a share of nothing', () => empty.part('a', count, { share: 0 }), /its share is 0/],
    ['a share of all for what is optional', () => empty.part('a', count, { share: 1, optional: true }), /at most 0\.9/],
    ['a limit of nothing', () => empty.part('a', count, { timeoutMs: 0 }), /`timeoutMs` is 0/],
    ['no call at once', () => empty.each('a', count, { inputs: () => [], atOnce: 0 }), /`atOnce` is 0/],
    ['leaving out what another waits for', () => orderParts.without('order'), /"products" waits for "order"/],
    ['refusals that differ', () => page('/p', twoRefusals, { output, access: 'public' }), /"UnknownUser"/],
    [
      'an answer that is no object',
      () => page('/p', empty, { output: z.string(), access: 'public' }),
      /must be an object/,
    ],
    [
      'an answer with `parts`',
      () => page('/p', empty, { output: z.object({ parts: z.int() }), access: 'public' }),
      /"parts"/,
    ],
    [
      'a service of what is no page',
      () => composedService(user, { getMe: () => ({}) } as never),
      /user\.getMe is no page/,
    ],
  ];
  for (const [what, make, message] of wrong)
    test(`is ${what}`, () => {
      assert.throws(make, { code: 'SERVICE_COMPOSITION_INVALID', message });
    });
});
