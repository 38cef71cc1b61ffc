// npx node examples/08-brokers/main.ts [feed|rabbitmq|kafka|nats]: pours thirty cups, and kills the guest in the middle.
import { systemClock, wait } from '@dure/core';
import { startSystem } from '@dure/dure/testing';

const carrier = process.argv[2] ?? 'feed';
const teas = ['green', 'citron', 'barley'];

await using house = await startSystem(new URL(`./on-${carrier}.ts`, import.meta.url), { placement: 'each' });
for (let cup = 0; cup < 30; cup += 1) {
  if (cup === 15) house.kill('guest');
  const body = JSON.stringify({ tea: teas[cup % teas.length] });
  await fetch(`${house.edge}/cups`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}
await house.untilReady();
const giveUpAt = systemClock.monotonicMs() + 30_000;
let drunk = await drunkSoFar();
while (total(drunk) < 30 && systemClock.monotonicMs() < giveUpAt) {
  await wait(systemClock, 100);
  drunk = await drunkSoFar();
}
await wait(systemClock, 300); // What came twice would be seen by now.
for (const { tea, drunk: cups } of await drunkSoFar()) process.stdout.write(`${cups} cups of ${tea} tea\n`);

async function drunkSoFar(): Promise<readonly { readonly tea: string; readonly drunk: number }[]> {
  const answer = await fetch(`${house.edge}/cups`);
  return answer.ok ? ((await answer.json()) as { tea: string; drunk: number }[]) : [];
}

function total(cups: Awaited<ReturnType<typeof drunkSoFar>>): number {
  return cups.reduce((sum, cup) => sum + cup.drunk, 0);
}
