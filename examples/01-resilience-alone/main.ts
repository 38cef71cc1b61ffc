// A page asks another system for the stock of a book, 50 times a second. That system is well, then slow, then down, then
// well again. What do its readers notice? Nothing here but @dure/resilience and an async function.
// Virtual time: the ten seconds are over at once, and every run gives the same table.
import type { Call } from '@dure/core';
import { DureError, seededRandom, wait } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import {
  bulkhead,
  circuitBreaker,
  fallback,
  fallbackOf,
  guard,
  lastGood,
  retry,
  retryBudgets,
  timeout,
} from '@dure/resilience';

interface Stock {
  readonly sku: string;
  readonly left: number;
}

const clock = fakeClock(); // in a real program: systemClock and systemRandom
const random = seededRandom(1);

// region work
/** The other system, as it is at the moment. A real one would be `fetch(url, { signal })`. */
let mood: 'well' | 'slow' | 'down' = 'well';
let asked = 0;
async function askStock(sku: string, { signal }: Call): Promise<Stock> {
  asked += 1;
  if (mood === 'down') throw new DureError('STOCK_DOWN', 'unavailable', 'connection refused', { retryable: true });
  await wait(clock, mood === 'slow' ? 2_000 : 10 + 20 * random.next(), signal);
  signal.throwIfAborted();
  return { sku, left: 3 };
}
// endregion

// region guard
const breaker = circuitBreaker({ clock, name: 'stock', openMs: 500, longestOpenMs: 1_000 });
const readStock = guard(
  { name: 'stock', idempotent: true, timeoutMs: 200 },
  askStock,
  fallback([lastGood({ clock, key: (sku) => sku })]), // outermost: stands in when all else has failed, and says so
  retry({ clock, random, budget: retryBudgets({ clock }), attempts: 2 }), // a fifth of the calls at most is sent again
  breaker.layer(), // stops asking who does not answer
  timeout({ clock }), // one attempt
  bulkhead({ clock, name: 'stock', most: 20 }).layer(), // innermost: a place is taken until the work has really ended
);
// endregion

const phases = [
  ['well', 2_000],
  ['slow', 3_000],
  ['down', 2_000],
  ['well', 3_000],
] as const;
const results = [];
for (const [state, lastsMs] of phases) {
  mood = state;
  asked = 0;
  const seen = { state, calls: 0, asked: 0, fresh: 0, old: 0, failed: 0, slowestMs: 0 };
  results.push(seen);
  for (let at = 0; at < lastsMs; at += 20) {
    const beganAt = clock.now();
    seen.calls += 1;
    readStock('978-89')
      .then(
        (stock) => {
          if (fallbackOf(stock) === undefined) seen.fresh += 1;
          else seen.old += 1;
        },
        () => {
          seen.failed += 1;
        },
      )
      .finally(() => {
        seen.slowestMs = Math.max(seen.slowestMs, clock.now() - beganAt);
      });
    await clock.advance(20);
  }
  seen.asked = asked;
}
await clock.advance(5_000);

const head = ['the other system is', 'calls', 'it was asked', 'answers', 'of these old', 'failed', 'slowest'];
const rows = results.map(({ state, calls, asked: times, fresh, old, failed, slowestMs }) => [
  state,
  ...[calls, times, fresh + old, old, failed].map(String),
  `${Math.ceil(slowestMs)} ms`,
]);
for (const [first = '', ...rest] of [head, ...rows]) {
  process.stdout.write(`${first.padEnd(19)}${rest.map((cell) => cell.padStart(14)).join('')}\n`);
}
process.stdout.write(`\nIn the end the breaker is ${breaker.state}.\n`);
