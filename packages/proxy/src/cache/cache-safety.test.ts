import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fieldValue } from '../http/field-lines.ts';
import type { Arrived, Question, Reply } from '../testing/cached-origin.ts';
import { cachedOrigin } from '../testing/cached-origin.ts';

/** A question by one of several people, whose answer names whom it was made for. */
interface Step {
  readonly who: 'ann' | 'bob' | 'nobody';
  readonly foo: string;
  readonly path: string;
  readonly wish: string;
  readonly pauseSeconds: number;
  readonly control: readonly string[];
  readonly setsCookie: boolean;
  readonly vary: string;
  readonly fails: boolean;
}

const directive = fc.constantFrom(
  'private',
  'no-store',
  'no-cache',
  'public',
  'must-revalidate',
  'proxy-revalidate',
  'max-age=2',
  'max-age=60',
  's-maxage=5',
  'stale-while-revalidate=30',
  'stale-if-error=30',
  'immutable',
  'PRIVATE',
  'No-Store',
  'private="x"',
);
const step: fc.Arbitrary<Step> = fc.record({
  who: fc.constantFrom('ann', 'bob', 'nobody'),
  foo: fc.constantFrom('', '1', '2', '1, 2', '"a"'),
  path: fc.constantFrom('/a', '/b'),
  wish: fc.constantFrom('', 'no-cache', 'no-store', 'max-age=0', 'max-stale', 'min-fresh=3', 'max-stale=5'),
  pauseSeconds: fc.constantFrom(0, 0, 1, 3, 10),
  control: fc.array(directive, { maxLength: 3 }),
  setsCookie: fc.boolean(),
  vary: fc.constantFrom('', 'foo', 'foo', '*', 'Authorization'),
  fails: fc.boolean(),
});

/** What an origin said in an answer, by the number in its body. */
interface Made {
  readonly step: Step;
  readonly secret: boolean;
  /** When it was made or last confirmed, and by which directives. */
  atMs: number;
  control: string;
}

const mayShare = (control: string) => /public|s-maxage|must-revalidate/.test(control);

/** Runs steps one after the other and tells of each answer what it was made from. */
async function play(
  steps: readonly Step[],
  check: (step: Step, made: Made, isReused: boolean, ageMs: number) => void,
): Promise<void> {
  const origin = cachedOrigin();
  const answers: Made[] = [];
  for (const one of steps) {
    await origin.clock.advance(one.pauseSeconds * 1_000);
    const control = one.control.join(', ');
    const before = answers.length;
    origin.reply = ({ fields }: Arrived): Reply => {
      if (one.fails) return { status: 503, body: 'failure' };
      const known = fieldValue(fields, 'if-none-match');
      const confirmed = known === undefined ? undefined : answers[Number(known.slice(1, -1))];
      if (confirmed !== undefined) {
        confirmed.atMs = origin.clock.monotonicMs();
        confirmed.control = control;
        return { status: 304, fields: [`cache-control: ${control}`, `etag: ${known}`] };
      }
      const number = answers.push({ step: one, secret: false, atMs: origin.clock.monotonicMs(), control }) - 1;
      const reply = [`cache-control: ${control}`, `etag: "${number}"`];
      if (one.vary !== '') reply.push(`vary: ${one.vary}`);
      if (one.setsCookie) reply.push(`set-cookie: session=${one.who}`);
      return { fields: reply, body: String(number) };
    };
    const question: Question = {
      path: one.path,
      isAuthenticated: one.who !== 'nobody',
      fields: [
        ...(one.foo === '' ? [] : [`foo: ${one.foo}`]),
        ...(one.wish === '' ? [] : [`cache-control: ${one.wish}`]),
      ],
    };
    const view = origin.ask(question);
    assert.equal(view.begins, 1);
    assert.ok(view.isEnded);
    const made = view.status === 200 ? answers[Number(view.body)] : undefined;
    if (made === undefined) continue;
    const isNew = Number(view.body) >= before;
    if (!isNew) assert.equal(view.fields.has('set-cookie'), false, 'a stored answer sets no cookie');
    check(one, made, !isNew, origin.clock.monotonicMs() - made.atMs);
  }
}

const runs = { numRuns: 400 };

test('nobody ever gets what was private, was not to be stored, or was made for somebody in particular', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      await play(steps, (_, made, isReused) => {
        if (!isReused) return;
        const first = made.step.control.join(', ');
        assert.doesNotMatch(first, /private|no-store/i);
        assert.equal(made.step.setsCookie, false);
        assert.notEqual(made.step.wish, 'no-store');
        if (made.step.who !== 'nobody') assert.ok(mayShare(first), `made for ${made.step.who} with "${first}"`);
      });
    }),
    runs,
  );
});

test('nobody ever gets another variant or another address', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      await play(steps, (one, made, isReused) => {
        if (!isReused) return;
        assert.equal(made.step.path, one.path);
        assert.ok(made.step.vary === '' || made.step.vary === 'foo', made.step.vary);
        if (made.step.vary === 'foo') assert.equal(made.step.foo, one.foo);
      });
    }),
    runs,
  );
});

test('what must be revalidated is never served stale, whatever fails and whatever a client would put up with', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      await play(steps, (_, made, isReused, ageMs) => {
        if (!isReused || ageMs === 0) return;
        assert.doesNotMatch(made.control, /no-cache/);
        if (!/must-revalidate|proxy-revalidate/.test(made.control)) return;
        const [, seconds] = /s-maxage=(\d+)/.exec(made.control) ?? /max-age=(\d+)/.exec(made.control) ?? [];
        assert.ok(ageMs < Number(seconds ?? 0) * 1_000, `"${made.control}" after ${ageMs} ms`);
      });
    }),
    runs,
  );
});

test('a stored answer that a client wants fresh is confirmed first', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      await play(steps, (one, _, isReused, ageMs) => {
        // RFC 5861 §4: after a failure the stored answer stands in whatever is said about freshness; `no-cache` is more.
        if (isReused && (one.wish === 'no-cache' || (one.wish === 'max-age=0' && !one.fails))) assert.equal(ageMs, 0);
        assert.ok(!isReused || one.wish !== 'no-store');
      });
    }),
    runs,
  );
});
