import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cachedOrigin } from '../testing/cached-origin.ts';

/**
 * What the public suite for HTTP caches (github.com/http-tests/cache-tests) requires, in our own words: an answer, a pause,
 * and whether it answers the next request, is asked about, or is not used.
 */
type Outcome = 'hit' | 'asks' | 'fetches';

interface Case {
  readonly name: string;
  readonly rfc: string;
  /** The first answer; `@-30` stands for the date 30 seconds ago. */
  readonly answer: readonly string[];
  readonly status?: number;
  readonly isDateless?: boolean;
  readonly asked?: readonly string[];
  readonly isAuthenticated?: boolean;
  readonly pauseSeconds?: number;
  readonly askedNext?: readonly string[];
  readonly next: Outcome;
}

const lifetimes: readonly Case[] = [
  ['nothing stated', [], 'fetches'],
  ['max-age', ['cache-control: max-age=3600'], 'hit'],
  ['max-age that has passed', ['cache-control: max-age=2'], 'fetches'],
  ['max-age=0', ['cache-control: max-age=0'], 'fetches'],
  ['max-age beyond 31 bits', ['cache-control: max-age=2147483649'], 'hit'],
  ['negative max-age', ['cache-control: max-age=-3600'], 'fetches'],
  ['max-age in single quotes', ["cache-control: max-age='3600'"], 'fetches'],
  ['max-age inside of a quoted extension', ['cache-control: extension="max-age=3600", max-age=1'], 'fetches'],
  ['max-age=0 before Expires', ['cache-control: max-age=0', 'expires: @3600'], 'fetches'],
  ['max-age before a past Expires', ['cache-control: max-age=3600', 'expires: @-9'], 'hit'],
  ['s-maxage before max-age', ['cache-control: s-maxage=1, max-age=3600'], 'fetches'],
  ['a longer s-maxage before max-age', ['cache-control: max-age=1, s-maxage=3600'], 'hit'],
  ['s-maxage on a line of its own', ['cache-control: max-age=1', 'cache-control: s-maxage=3600'], 'hit'],
  ['Expires to come', ['expires: @3600'], 'hit'],
  ['Expires past', ['expires: @-3600'], 'fetches'],
  ['Expires now', ['expires: @0'], 'fetches'],
  ['Expires: 0', ['expires: 0'], 'fetches'],
  ['Expires twice', ['expires: @3600', 'expires: @3601'], 'fetches'],
  ['Expires in another time zone', ['expires: Thu, 18 Aug 2050 02:01:18 AEST'], 'fetches'],
  ['Expires before Date, both fast', ['expires: @300', 'date: @400'], 'fetches'],
  ['Expires and no usable Date', ['expires: @60', 'date: foo'], 'hit'],
  ['Age beyond max-age', ['cache-control: max-age=3600', 'age: 7200'], 'fetches'],
  ['Age beyond Expires, Date slow', ['expires: @10', 'date: @-10', 'age: 25'], 'fetches'],
  ['Age beyond Expires, Date fast', ['expires: @20', 'date: @10', 'age: 15'], 'fetches'],
  ['Age that is no number', ['cache-control: max-age=3600', 'age: abc'], 'hit'],
  ['negative Age', ['cache-control: max-age=3600', 'age: -7200'], 'hit'],
  ['fractional Age', ['cache-control: max-age=3600', 'age: 7200.0'], 'hit'],
  ['huge Age', ['cache-control: max-age=3600', 'age: 2147483649'], 'fetches'],
  ['Age, the first of a list', ['cache-control: max-age=3600', 'age: 7200, 0'], 'fetches'],
  ['Age, the first of a list, fresh', ['cache-control: max-age=3600', 'age: 0, 7200'], 'hit'],
  ['Age, the first of two lines', ['cache-control: max-age=3600', 'age: 7200', 'age: 0'], 'fetches'],
  ['Age, the first of two lines, fresh', ['cache-control: max-age=3600', 'age: 0', 'age: 7200'], 'hit'],
].map(([name, answer, next]) => ({ name, rfc: '9111 §4.2', answer, next, pauseSeconds: 3 }) as Case);

const targeted: readonly Case[] = [
  ['CDN max-age', ['cdn-cache-control: max-age=3600'], 'hit'],
  ['CDN max-age=0 before Expires', ['cdn-cache-control: max-age=0', 'expires: @3600'], 'fetches'],
  ['CDN max-age before a shorter one', ['cdn-cache-control: max-age=3600', 'cache-control: max-age=1'], 'hit'],
  ['CDN max-age before a longer one', ['cdn-cache-control: max-age=1', 'cache-control: max-age=3600'], 'fetches'],
  ['CDN max-age and Age', ['cdn-cache-control: max-age=3600', 'age: 7200'], 'fetches'],
  ['CDN private', ['cdn-cache-control: private', 'cache-control: max-age=3600'], 'fetches'],
  ['CDN no-store', ['cdn-cache-control: no-store', 'cache-control: max-age=3600'], 'fetches'],
  ['CDN no-cache', ['cdn-cache-control: no-cache', 'cache-control: max-age=3600'], 'fetches'],
  ['CDN max-age before no-store', ['cdn-cache-control: max-age=3600', 'cache-control: no-store'], 'hit'],
  ['a broken CDN field', ['cdn-cache-control: max-age=3600, &&&', 'cache-control: no-store'], 'fetches'],
  ['a CDN field of the wrong type', ['cdn-cache-control: max-age="3600"', 'cache-control: no-store'], 'fetches'],
].map(([name, answer, next]) => ({ name, rfc: '9213', answer, next, pauseSeconds: 3 }) as Case);

const directives: readonly Case[] = [
  ['private', ['cache-control: private, max-age=3600'], 'fetches'],
  ['private for some fields', ['cache-control: private="a", max-age=3600'], 'fetches'],
  ['no-store', ['cache-control: max-age=3600, No-StOrE', 'expires: @3600'], 'fetches'],
  ['no-cache without a validator', ['cache-control: max-age=3600, No-CaChE', 'expires: @3600'], 'fetches'],
  ['no-cache with an ETag', ['cache-control: max-age=3600, no-cache', 'etag: "a"'], 'asks'],
  ['must-revalidate, fresh', ['cache-control: max-age=3600, must-revalidate', 'etag: "a"'], 'hit'],
  ['must-revalidate, stale', ['cache-control: max-age=2, must-revalidate', 'etag: "a"'], 'asks'],
  ['Last-Modified, stale', ['cache-control: max-age=2', 'last-modified: @-9000'], 'asks'],
  ['a cookie', ['cache-control: max-age=3600', 'set-cookie: a=b'], 'fetches'],
  ['a cookie that is not kept', ['cache-control: max-age=3600, no-cache="set-cookie"', 'set-cookie: a=b'], 'hit'],
  ['Vary: *', ['cache-control: max-age=3600', 'vary: *'], 'fetches'],
  ['Vary: foo, *', ['cache-control: max-age=3600', 'vary: foo, *'], 'fetches'],
  ['must-understand beside no-store', ['cache-control: max-age=3600, no-store, must-understand'], 'hit'],
].map(([name, answer, next]) => ({ name, rfc: '9111 §3, §5.2.2', answer, next, pauseSeconds: 3 }) as Case);

const requests: readonly Case[] = [
  { name: 'no-cache', askedNext: ['cache-control: no-cache'], next: 'asks' as const },
  { name: 'max-age=0', askedNext: ['cache-control: max-age=0'], next: 'asks' as const },
  { name: 'a max-age that has passed', askedNext: ['cache-control: max-age=2'], next: 'asks' as const },
  { name: 'a max-age that has not passed', askedNext: ['cache-control: max-age=60'], next: 'hit' as const },
  { name: 'min-fresh', askedNext: ['cache-control: min-fresh=3599'], next: 'asks' as const },
  { name: 'a min-fresh that is given', askedNext: ['cache-control: min-fresh=100'], next: 'hit' as const },
  { name: 'no-store', askedNext: ['cache-control: no-store'], next: 'fetches' as const },
  { name: 'an unknown directive', askedNext: ['cache-control: nothing-to-see-here'], next: 'hit' as const },
  { name: 'If-Match', askedNext: ['if-match: "a"'], next: 'fetches' as const },
].map((one) => ({
  ...one,
  rfc: '9111 §5.2.1',
  answer: ['cache-control: max-age=3600', 'etag: "a"'],
  pauseSeconds: 3,
}));

const stale: readonly Case[] = [
  { name: 'max-stale', answer: ['cache-control: max-age=2'], askedNext: ['cache-control: max-stale=100'], next: 'hit' },
  {
    name: 'max-stale too short',
    answer: ['cache-control: max-age=2'],
    askedNext: ['cache-control: max-stale=1'],
    next: 'fetches',
  },
  { name: 'any max-stale', answer: ['cache-control: max-age=2'], askedNext: ['cache-control: max-stale'], next: 'hit' },
  {
    name: 'max-stale against must-revalidate',
    answer: ['cache-control: max-age=2, must-revalidate', 'etag: "a"'],
    askedNext: ['cache-control: max-stale'],
    next: 'asks',
  },
  {
    name: 'max-stale against s-maxage',
    answer: ['cache-control: s-maxage=2', 'etag: "a"'],
    askedNext: ['cache-control: max-stale'],
    next: 'asks',
  },
].map((one) => ({ ...one, rfc: '9111 §4.2.4', pauseSeconds: 9 }) as Case);

const credentials: readonly Case[] = [
  { name: 'nothing said', answer: ['cache-control: max-age=3600'], next: 'fetches' as const },
  { name: 'public', answer: ['cache-control: max-age=3600, public'], next: 'hit' as const },
  { name: 'must-revalidate', answer: ['cache-control: max-age=3600, must-revalidate'], next: 'hit' as const },
  { name: 's-maxage', answer: ['cache-control: s-maxage=3600'], next: 'hit' as const },
  { name: 'public by heuristics', answer: ['last-modified: @-86400'], next: 'fetches' as const },
].map((one) => ({ ...one, name: `asked with credentials: ${one.name}`, rfc: '9111 §3.5', isAuthenticated: true }));

const statuses: readonly Case[] = [
  ...[200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599].flatMap((status) => [
    { name: `${status}, fresh`, status, answer: ['cache-control: max-age=3600'], next: 'hit' as const },
    {
      name: `${status}, stale`,
      status,
      answer: ['expires: @-5000', 'last-modified: @-100000'],
      next: status === 200 ? ('asks' as const) : ('fetches' as const),
    },
  ]),
  ...[200, 203, 204, 404, 405, 410, 414, 501].map((status) => ({
    name: `${status} by heuristics`,
    status,
    answer: ['last-modified: @-86400'],
    next: 'hit' as const,
  })),
  ...[201, 202, 403, 502, 503, 504, 599].map((status) => ({
    name: `${status}, not by heuristics`,
    status,
    answer: ['last-modified: @-86400'],
    next: 'fetches' as const,
  })),
  {
    name: '599, public, by heuristics',
    status: 599,
    answer: ['last-modified: @-86400', 'cache-control: public'],
    next: 'hit' as const,
  },
  {
    name: '599, must-understand',
    status: 599,
    answer: ['cache-control: max-age=3600, no-store, must-understand'],
    next: 'fetches' as const,
  },
  {
    name: '206',
    status: 206,
    answer: ['cache-control: max-age=3600', 'content-range: bytes 0-4/10'],
    next: 'fetches' as const,
  },
].map((one) => ({ ...one, rfc: '9111 §3, §4.2.2' }));

for (const one of [...lifetimes, ...targeted, ...directives, ...requests, ...stale, ...credentials, ...statuses]) {
  test(`${one.name} (RFC ${one.rfc}): the next request ${one.next === 'hit' ? 'is answered' : one.next}`, async () => {
    const origin = cachedOrigin();
    const { clock } = origin;
    const dated = (line: string) =>
      line.replace(/@(-?\d+)/, (_, by: string) => new Date(clock.now() + Number(by) * 1_000).toUTCString());
    const fields = one.answer.map(dated);
    origin.reply = () => ({ status: one.status ?? 200, fields });
    origin.ask({ fields: one.asked ?? [], isAuthenticated: one.isAuthenticated ?? false });
    await clock.advance((one.pauseSeconds ?? 0) * 1_000);
    origin.reply = undefined;
    const next = origin.ask({ fields: one.askedNext ?? [] });
    const sent = origin.arrived[1];
    const outcome: Outcome =
      sent === undefined ? 'hit' : /^if-(?:none-match|modified-since):/m.test(sent.fields) ? 'asks' : 'fetches';
    assert.equal(outcome, one.next);
    if (outcome !== 'hit') return;
    assert.equal(next.status, one.status ?? 200);
    assert.equal(next.body, next.status === 204 ? '' : 'hello');
  });
}
