import {
  availabilityFiltering,
  balancer,
  consistentHash,
  staticInstances,
  subsetOf,
  weightedResponseTime,
  zonePreference,
} from '@dure/balancer';
import { systemClock as clock, systemRandom as random } from '@dure/core';
import { edge, system } from '@dure/dure';
import { event } from '@dure/messaging';
import {
  adaptiveLimit,
  bulkhead,
  circuitBreaker,
  deadline,
  hedge,
  lastGood,
  rateLimiter,
  responseCache,
  retry,
  retryBudget,
  timeout,
} from '@dure/resilience';
import { saga, send as sendCommand } from '@dure/saga';
import { command, contract, get, post } from '@dure/service/contract';
import { on, service } from '@dure/service/server';
import { z } from 'zod';

/** What is wrong, who builds it, and the error. */
export type DefinitionRow = readonly [what: string, build: () => unknown, code: string, says: RegExp];

const limit = 'RESILIENCE_OPTION_INVALID';
const option = 'BALANCER_OPTION_INVALID';
const name = 'stock';
const instances = staticInstances({});
const budget = () => retryBudget({ clock });
const key = () => 'k';
const breaker = (limits: object) => () => circuitBreaker({ clock, name, ...limits });

/** Limits that make no sense are refused where they are written, with the range. */
export const limitRows: readonly DefinitionRow[] = [
  [
    'a failure ratio in percent',
    breaker({ failureRatio: 50 }),
    limit,
    /`failureRatio` is 50, but must be above 0, at most 1/,
  ],
  [
    'a failure ratio of nothing',
    breaker({ failureRatio: 0 }),
    limit,
    /`failureRatio` is 0, but must be above 0, at most 1/,
  ],
  ['a slow ratio above all', breaker({ slowRatio: 1.1 }), limit, /`slowRatio` is 1\.1, but must be above 0, at most 1/],
  ['a window of nothing', breaker({ window: 0 }), limit, /`window` is 0, but must be from 1 to 1000000/],
  ['a window that is no number', breaker({ window: Number.NaN }), limit, /`window` is NaN, but must be from 1/],
  ['a window of a moment', breaker({ windowMs: 1 }), limit, /`windowMs` is 1, but must be at least 20/],
  ['two windows', breaker({ window: 10, windowMs: 1_000 }), limit, /given only without `window`/],
  [
    'more calls than the window has',
    breaker({ window: 5, minimumCalls: 6 }),
    limit,
    /`minimumCalls` is 6, but must be from 1 to 5/,
  ],
  ['a negative time', breaker({ openMs: -1 }), limit, /`openMs` is -1, but must be at least 1/],
  [
    'a longest time below the shortest',
    breaker({ openMs: 9, longestOpenMs: 1 }),
    limit,
    /`longestOpenMs` is 1, but must be at least 9/,
  ],
  ['no probes', breaker({ halfOpenCalls: 0 }), limit, /`halfOpenCalls` is 0, but must be from 1/],
  ['a timeout of nothing', () => timeout({ clock, limitMs: 0 }), limit, /`limitMs` is 0, but must be at least 1/],
  ['a negative deadline', () => deadline({ clock, defaultMs: -5 }), limit, /`defaultMs` is -5, but must be at least 1/],
  [
    'no attempt',
    () => retry({ clock, random, budget, attempts: 0 }),
    limit,
    /`attempts` is 0, but must be from 1 to 100/,
  ],
  [
    'a thousand attempts',
    () => retry({ clock, random, budget, attempts: 1_000 }),
    limit,
    /`attempts` is 1000, but must be from 1 to 100/,
  ],
  [
    'a negative pause',
    () => retry({ clock, random, budget, baseMs: -1 }),
    limit,
    /`baseMs` is -1, but must be at least 0/,
  ],
  ['a budget above all', () => retryBudget({ clock, ratio: 20 }), limit, /`ratio` is 20, but must be from 0 to 1/],
  [
    'a bulkhead for nobody',
    () => bulkhead({ clock, name, most: 0 }),
    limit,
    /`most` is 0, but must be from 1 to 1000000/,
  ],
  [
    'a queue below nothing',
    () => bulkhead({ clock, name, queue: -1 }),
    limit,
    /`queue` is -1, but must be from 0 to 1000000/,
  ],
  [
    'a rate of nothing',
    () => rateLimiter({ clock, name, perSecond: 0 }),
    limit,
    /rateLimiter: `perSecond` is 0, but must be/,
  ],
  [
    'two rates',
    () => rateLimiter({ clock, name, perSecond: 1, limit: 1, windowMs: 1 }),
    limit,
    /given only without `limit`/,
  ],
  [
    'an adaptive limit upside down',
    () => adaptiveLimit({ clock, name, least: 10, most: 5 }),
    limit,
    /`most` is 5, but must be from 10 to/,
  ],
  [
    'a cache for no time',
    () => responseCache({ clock, key, freshMs: 0 }),
    limit,
    /`freshMs` is 0, but must be at least 1/,
  ],
  ['a memory of nothing', () => lastGood({ clock, key, most: 0 }), limit, /`most` is 0, but must be from 1/],
  [
    'a hedge at the median of none',
    () => hedge({ clock, budget, quantile: 2 }),
    limit,
    /`quantile` is 2, but must be from 0\.5 to 0\.9999/,
  ],
  [
    'a share of panic above all',
    () => balancer({ instances, clock, random, panicShare: 2 }),
    option,
    /panicShare is 2; expected a number from 0 to 1/,
  ],
  [
    'ejection of the only two',
    () => balancer({ instances, clock, random, outliers: { leastInstances: 2 } }),
    option,
    /leastInstances is 2; expected a whole number from 3/,
  ],
  [
    'a slow start of nothing',
    () => balancer({ instances, clock, random, slowStart: { windowMs: 0 } }),
    option,
    /windowMs is 0; expected a number from 1 to 3600000 ms/,
  ],
  [
    'half a failure',
    () => availabilityFiltering({ failures: 1.5 }),
    option,
    /failures is 1\.5; expected a whole number from 1/,
  ],
  [
    'weights for ever',
    () => weightedResponseTime({ refreshMs: 1e9 }),
    option,
    /refreshMs is 1000000000; expected a number from 1 to 3600000 ms/,
  ],
  [
    'a hash without points',
    () => consistentHash({ points: 1 }),
    option,
    /points is 1; expected a whole number from 16 to 1024/,
  ],
  [
    'a spill below one',
    () => zonePreference({ zone: 'a', spillAt: 0 }),
    option,
    /spillAt is 0; expected a number from 1/,
  ],
  ['a subset of nobody', () => subsetOf(instances, { size: 0 }), option, /size is 0; expected a whole number from 1/],
];

const access = 'public';
const done = z.object({});
const hello = contract('hello', { greet: get('/hello', { access: 'public' }) });
const other = contract('other', { greet: get('/other', { access: 'public' }) });
const rung = event('bell.rung', { schema: z.object({}), key: () => 'k' });
const ignore = async () => undefined;
const lazy = async () => service({ contract: hello, start: () => ({ greet: async () => undefined }) });
const outside = edge({ expose: [hello] });
const { ship } = contract('parcel', { ship: command({ input: done, key }) }).commands;
const sending = sendCommand(ship, () => ({}));

/** A model that contradicts itself does not come about; the message names the next step. */
export const modelRows: readonly DefinitionRow[] = [
  [
    'a contract without a name',
    () => contract('', {}),
    'SERVICE_CONTRACT_INVALID',
    /service name "" is not a name: a lower-case letter/,
  ],
  ['a contract in capitals', () => contract('Stock', {}), 'SERVICE_CONTRACT_INVALID', /"Stock" is not a name/],
  [
    'a path without a slash',
    () => contract('a', { b: get('b', { access }) }),
    'SERVICE_CONTRACT_INVALID',
    /"b" is not a path such as "\/stock\/:sku"/,
  ],
  [
    'two operations of one address',
    () => contract('a', { b: get('/b', { access }), c: get('/b', { access }) }),
    'SERVICE_CONTRACT_INVALID',
    /both answer GET \/b; give one another path/,
  ],
  [
    'a parameter that nobody declares',
    () => contract('a', { b: get('/b/:id', { access }) }),
    'SERVICE_CONTRACT_INVALID',
    /"\/b\/:id" and `params` do not agree/,
  ],
  [
    'a parameter that no path has',
    () => contract('a', { b: get('/b', { access, params: z.object({ id: z.string() }) }) }),
    'SERVICE_CONTRACT_INVALID',
    /`params` do not agree/,
  ],
  [
    'a fallback of a write',
    () => contract('a', { b: post('/b', { access, output: done, fallback: { value: {} } }) }),
    'SERVICE_CONTRACT_INVALID',
    /a\.b: /,
  ],
  [
    'two reactions of one name',
    () =>
      service({ contract: hello, reactions: [on(rung, ignore), on(rung, ignore)], start: () => ({ greet: ignore }) }),
    'SERVICE_REACTION_NAME_TAKEN',
    /"hello" has two reactions named "bell\.rung"; give one a `name`/,
  ],
  [
    'a base URL without a scheme',
    () => hello.at('api.example.com'),
    'SERVICE_CONTRACT_INVALID',
    /"api\.example\.com" is not one such as "https/,
  ],
  [
    'a system in capitals',
    () => system('Shop', { services: { hello: lazy }, edge: outside }),
    'DURE_SYSTEM_INVALID',
    /system name "Shop" is not a name: a lower-case letter/,
  ],
  [
    'a service with a name of the platform',
    () => system('shop', { services: { registry: lazy }, edge: outside }),
    'DURE_SYSTEM_INVALID',
    /"registry", which is a name of the platform's own; call it otherwise/,
  ],
  [
    'an edge to nobody',
    () => system('shop', { services: {}, edge: outside }),
    'DURE_SYSTEM_INVALID',
    /exposes "hello", but has no such service; it has none/,
  ],
  [
    'one contract exposed twice',
    () => edge({ expose: [hello, hello] }),
    'DURE_SYSTEM_INVALID',
    /exposes the contract "hello" twice; list it once/,
  ],
  [
    'one service twice',
    () => system('shop', { services: { hello: lazy }, edge: edge({ expose: [hello], composed: { hello: lazy } }) }),
    'DURE_SYSTEM_INVALID',
    /two services named "hello".*name one of them otherwise/,
  ],
  [
    'sessions of nobody',
    () =>
      system('shop', {
        services: { hello: lazy },
        edge: edge({ expose: [hello], session: { issuer: other, signIn: 'greet' } }),
      }),
    'DURE_SYSTEM_INVALID',
    /keeps sessions of "other"/,
  ],
  [
    'a sign-in that is none',
    () =>
      system('shop', {
        services: { hello: lazy },
        edge: edge({ expose: [hello], session: { issuer: hello, signIn: 'enter' } }),
      }),
    'DURE_SYSTEM_INVALID',
    /"hello\.enter", but the contract has no such operation; it has greet/,
  ],
  [
    'a foreign program that is a service',
    () => system('shop', { services: { hello: lazy }, edge: outside, foreign: { hello: { passwordFile: 'x' } } }),
    'DURE_SYSTEM_INVALID',
    /"hello" both as a service and in `foreign`/,
  ],
  [
    'an invariant about nobody',
    () =>
      system('shop', {
        services: { hello: lazy },
        edge: outside,
        invariants: [
          {
            kind: 'invariant',
            name: 'all is well',
            reads: ['other'],
            check: async () => ({ holds: true, figures: {} }),
          },
        ],
      }),
    'DURE_SYSTEM_INVALID',
    /invariant "all is well", which reads "other", but has no such service/,
  ],
  [
    'a saga without steps',
    () => saga('a', { input: done, key }).end(),
    'SAGA_DEFINITION_INVALID',
    /"a" has no steps; add at least one/,
  ],
  [
    'a saga without a name',
    () => saga('A b', { input: done, key }),
    'SAGA_DEFINITION_INVALID',
    /is not a name: a lower-case letter/,
  ],
  [
    'a saga of version nothing',
    () => saga('a', { input: done, key, version: 0 }),
    'SAGA_DEFINITION_INVALID',
    /`version` is 0, but must be a whole number from 1/,
  ],
  [
    'a step that waits for no time',
    () => saga('a', { input: done, key }).pivot('b', sending, { timeoutMs: 0 }),
    'SAGA_DEFINITION_INVALID',
    /`timeoutMs` is 0, but must be a whole number from 1/,
  ],
];
