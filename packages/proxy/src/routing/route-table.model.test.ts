import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rule } from '../testing/test-rules.ts';
import { parseHostPattern } from './host-pattern.ts';
import type { RoutedRequest, RouteRule } from './route-rule.ts';
import { routeTable } from './route-table.ts';

/** What a segment of a pattern takes, and how it ranks: literals, then Spring's score, then its length (9 less it), then an expression. */
const vocabulary: Readonly<Record<string, readonly [takes: RegExp, rank: string]>> = {
  aa: [/^aa$/, '0'],
  ab: [/^ab$/, '0'],
  '??': [/^..$/s, '1 000 7'],
  '{x:a.}': [/^a.$/s, '1 001 8 a'],
  'a{x}': [/^a.*$/s, '1 001 7'],
  '{x}': [/^.+$/s, '1 001 8 b'],
  'a*': [/^a.*$/s, '1 100 7'],
  '*': [/^.*$/s, '1 100 8'],
};
const rests = ['', '/**', '/{*rest}'];
const hosts = [undefined, 'x.example', '*.example', '**'];

interface Drawn {
  readonly parts: readonly string[];
  readonly rest: string;
  readonly method: string | undefined;
  readonly host: string | undefined;
  readonly header: boolean;
  readonly order: number;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  parts: fc.array(fc.constantFrom(...Object.keys(vocabulary)), { maxLength: 3, minLength: 1 }),
  rest: fc.constantFrom(...rests),
  method: fc.constantFrom(undefined, 'GET', 'POST'),
  host: fc.constantFrom(...hosts),
  header: fc.boolean(),
  order: fc.constantFrom(0, 0, 0, -1, 1),
});

const request: fc.Arbitrary<RoutedRequest> = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT'),
  path: fc
    .array(fc.constantFrom('aa', 'ab', 'a', 'b', 'zz', 'aaa'), { maxLength: 4, minLength: 1 })
    .chain((parts) => fc.constantFrom(`/${parts.join('/')}`, `/${parts.join('/')}/`, '/')),
  host: fc.constantFrom('x.example', 'y.example', 'a.b'),
  header: fc.constantFrom(
    () => [],
    (name: string) => (name === 'h' ? ['1'] : []),
  ),
});

function toRule(one: Drawn, at: number): RouteRule {
  const path = `/${one.parts.map((part, index) => part.replace('{x', `{x${index}`)).join('/')}${one.rest}`;
  return rule(
    `r${at}`,
    path,
    {
      ...(one.method !== undefined && { methods: [one.method] }),
      ...(one.host !== undefined && { hosts: [parseHostPattern(one.host)] }),
      ...(one.header && { headers: [{ name: 'H' }] }),
    },
    { order: one.order },
  );
}

function takesPath({ parts, rest }: Drawn, path: string): boolean {
  const segments = path.slice(1).split('/');
  if (rest === '' ? segments.length !== parts.length : segments.length < parts.length) return false;
  return parts.every((part, at) => {
    const segment = segments[at] ?? '';
    if (segment === '') return part === '*' && at === segments.length - 1;
    return vocabulary[part]?.[0].test(segment) === true;
  });
}

function takes(one: Drawn, { method, path, host = '', header }: RoutedRequest): boolean {
  const label = '[^.]+';
  const hostFits =
    one.host === undefined ||
    one.host === host ||
    one.host === '**' ||
    (one.host === '*.example' && new RegExp(`^${label}\\.example$`).test(host));
  const methodFits = one.method === undefined || one.method === method || (one.method === 'GET' && method === 'HEAD');
  return methodFits && hostFits && (!one.header || (header?.('h') ?? []).length > 0) && takesPath(one, path);
}

/** Segment by segment from the left; a pattern that takes any rest comes behind those that go on or end there. */
function rankOf(one: Drawn): readonly (string | number)[] {
  const segments = [...one.parts.map((part) => vocabulary[part]?.[1] ?? ''), one.rest === '' ? '' : '2'];
  while (segments.length < 5) segments.push('');
  const host = [undefined, '**', '*.example', 'x.example'].indexOf(one.host);
  return [one.order, ...segments, 3 - host, one.method === undefined ? 1 : 0, one.header ? 0 : 1];
}

function compare(one: Drawn, other: Drawn): number {
  const [a, b] = [rankOf(one), rankOf(other)];
  for (const [at, value] of a.entries()) {
    const against = b[at] ?? '';
    if (value !== against) return value < against ? -1 : 1;
  }
  return 0;
}

function naive(rules: readonly (readonly [Drawn, RouteRule])[], one: RoutedRequest): string | undefined {
  const fit = rules.filter(([made]) => takes(made, one));
  return fit.sort(([a], [b]) => compare(a, b))[0]?.[1].id;
}

function isSame(one: Drawn, other: Drawn): boolean {
  const text = ({ parts, rest, method, host, header, order }: Drawn) =>
    JSON.stringify([parts, rest === '', method, host, header, order]);
  return text(one) === text(other);
}

test('the table finds what a scan of all rules in their order finds, however it came about', () => {
  fc.assert(
    fc.property(
      fc.array(drawn, { maxLength: 14 }),
      fc.array(request, { maxLength: 8, minLength: 8 }),
      fc.array(fc.nat(), { maxLength: 4 }),
      (made, requests, gone) => {
        const unique = made.filter((one, at) => !made.slice(0, at).some((other) => isSame(one, other)));
        let rules = unique.map((one, at) => [one, toRule(one, at)] as const);
        let table = routeTable(rules.map(([, one]) => one));
        const check = () => {
          for (const one of requests) {
            assert.equal(table.find(one)?.rule.id, naive(rules, one), `${one.method} ${one.host} ${one.path}`);
          }
        };
        check();
        for (const at of gone) {
          const removed = rules[at % Math.max(rules.length, 1)];
          if (removed === undefined) return;
          table = table.without(removed[1].id);
          rules = rules.filter((one) => one !== removed);
          check();
          if (at % 2 === 0) continue;
          table = table.with(removed[1]);
          rules = [...rules, removed];
        }
        check();
        assert.deepEqual(
          table.rules,
          rules.map(([, one]) => one),
        );
      },
    ),
    { numRuns: 10_000 },
  );
});
