import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startSystem } from '@dure/dure/testing';

// A flow over two services that nobody leads: real processes, a real PostgreSQL, all of it on this machine.
await using system = await startSystem(join(import.meta.dirname, 'system.ts'));

async function shelf(sku: string): Promise<string> {
  const { left, expected } = (await (await fetch(`${system.edge}/shelves/${sku}`)).json()) as Record<string, number>;
  return `${left} left, ${expected} expected`;
}

async function sell(sku: string, count: number): Promise<void> {
  const body = JSON.stringify({ sku, count });
  await fetch(`${system.edge}/sales`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

async function until(sku: string, wanted: string, most = 200): Promise<string> {
  let seen = await shelf(sku);
  for (let time = 0; time < most && seen !== wanted; time += 1) {
    await setTimeout(50);
    seen = await shelf(sku);
  }
  return seen;
}

const say = (text: string) => process.stdout.write(`${text}\n`);
await sell('tea', 5);
say(`tea, 5 sold: ${await shelf('tea')}`);
await sell('tea', 4);
say(`tea, 9 sold: ${await until('tea', '21 left, 0 expected')}`);
await sell('cup', 9);
await until('cup', '1 left, 20 expected', 40); // Before that it looks as it does after being taken back.
say(`cup, 9 sold: ${await until('cup', '1 left, 0 expected')}`);
await sell('ghost', 9);
say(`ghost, 9 sold: ${await until('ghost', '1 left, 20 expected')}`);

for (let time = 0; time < 300; time += 1) {
  const stalled = /"msg":"(the flow [^"]+)".*?"reacts":"([^"]+)"/.exec(await system.output('all'));
  if (stalled !== null) {
    say(`${stalled[1]}; it waits for ${stalled[2]}`);
    break;
  }
  await setTimeout(50);
}
