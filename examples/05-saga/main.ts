import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startSystem } from '@dure/dure/testing';

// A saga over four services, each with a database of its own: real processes, a real PostgreSQL, all of it on this machine.
await using system = await startSystem(join(import.meta.dirname, 'system.ts'));

async function ask(path: string, body?: unknown): Promise<Record<string, string>> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(`${system.edge}${path}`, body === undefined ? {} : init);
  const text = await answer.text();
  return text === '' ? {} : (JSON.parse(text) as Record<string, string>);
}

async function decided(tripId: string | undefined): Promise<string | undefined> {
  for (let time = 0; time < 300; time += 1) {
    const { state } = await ask(`/trips/${tripId}`);
    if (state !== 'being booked') return state;
    await setTimeout(50);
  }
  return 'undecided';
}

const say = (text: string) => process.stdout.write(`${text}\n`);
const guests = ['Ana', 'Ben', 'Chloé'];

for (const [city, price] of [
  ['Paris', 300],
  ['Atlantis', 300],
  ['Moon', 300],
  ['Rome', 13],
] as const) {
  const { tripId } = await ask('/trips', { city, guests, price });
  say(`${city} for €${price}: ${await decided(tripId)}`);
}

const { tripId } = await ask('/trips', { city: 'Lisbon', guests, price: 5_000 });
await setTimeout(500);
say(`Lisbon for €5000: ${(await ask(`/trips/${tripId}`)).state}`);
await ask(`/trips/${tripId}/approval`, { by: 'Dana' });
say(`Lisbon for €5000: ${await decided(tripId)}`);

for (const joining of [guests, guests.slice(1)]) {
  const group = await ask('/groups', { cities: ['Moon', 'Oslo'], wanted: 3 });
  for (const guest of joining) await ask(`/trips/${group.tripId}/guests`, { guest });
  say(`The Moon or Oslo, ${joining.length} of 3 join: ${await decided(group.tripId)}`);
}
