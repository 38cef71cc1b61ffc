import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import { startSystem } from './start-system.ts';

const posts = 100_000;
const connections = 16;
const quietPosts = 10_000;
const rounds = 3;

/** Posts over connections that are kept alive, nothing twice; gives the milliseconds of each answer. */
async function post(edge: string, count: number, isOver: () => boolean): Promise<{ ms: number[]; failures: string[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const [ms, failures]: [number[], string[]] = [[], []];
  const one = () =>
    new Promise<string>((resolve) => {
      const headers = { 'content-type': 'application/json' };
      const posting = request(`${edge}/notes`, { method: 'POST', agent, headers }, (answer) => {
        answer.resume();
        answer.on('end', () => resolve(String(answer.statusCode)));
        answer.on('error', (error) => resolve(error.message));
      });
      posting.on('error', (error) => resolve(error.message));
      posting.end('{"text":"a note"}');
    });
  let begun = 0;
  const work = async () => {
    while (begun < count || !isOver()) {
      begun += 1;
      const from = performance.now();
      const outcome = await one();
      ms.push(performance.now() - from);
      if (outcome !== '200') failures.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  agent.destroy();
  return { ms, failures };
}

const p99 = (ms: readonly number[]) => ms.toSorted((a, b) => a - b)[Math.floor(ms.length * 0.99)] ?? 0;

// B1 of the test catalogue: posts that nobody may repeat.
test('of 100 000 posts none fails while each instance is replaced three times', async (context) => {
  await using system = await startSystem(new URL('../../fixtures/posting/system.ts', import.meta.url), {
    placement: 'each',
    scale: { desk: 2 },
  });
  const quiet = await post(system.edge, quietPosts, () => true);
  let isOver = false;
  const replacing = (async () => {
    for (let round = 0; round < rounds; round += 1) await system.restart('desk');
    isOver = true;
  })();
  const [rolling] = await Promise.all([post(system.edge, posts, () => isOver), replacing]);
  context.diagnostic(
    JSON.stringify({ posts: rolling.ms.length, quietP99Ms: p99(quiet.ms), rollingP99Ms: p99(rolling.ms) }),
  );
  assert.deepEqual([quiet.failures, rolling.failures], [[], []]);
});
