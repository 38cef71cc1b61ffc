import { parseArgs } from 'node:util';
import { ids, seededRandom, systemClock, systemRandom } from '@dure/core';
import { advanceVariants } from './fence/advance-variants.ts';
import { runFenceStress } from './fence/stress.ts';
import { testDatabase } from './testing/index.ts';

// node packages/postgres/src/fence-stress.main.ts --seconds 60 --events 50000 [--url …] [--seed 1] [--swapped]
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    events: { type: 'string', default: '50000' },
    writers: { type: 'string', default: '16' },
    services: { type: 'string', default: '2' },
    readers: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    url: { type: 'string' },
    swapped: { type: 'boolean', default: false },
  },
});
await using database = values.url === undefined ? await testDatabase() : undefined;
const url = values.url ?? database?.url ?? '';
if (values.swapped) await advanceVariants(database?.ownerUrl ?? url).install('swapped');
const report = await runFenceStress({
  url,
  clock: systemClock,
  random: seededRandom(Number(values.seed)),
  ids: ids(systemClock, systemRandom),
  seconds: Number(values.seconds),
  events: Number(values.events),
  writers: Number(values.writers),
  services: Number(values.services),
  readers: Number(values.readers),
  killEveryMs: 100,
});
process.stdout.write(`${JSON.stringify({ seed: Number(values.seed), swapped: values.swapped, ...report }, null, 2)}\n`);
const faulty = report.lost + report.doubled + report.inverted + report.forgotten > 0;
process.exitCode = faulty === values.swapped ? 0 : 1;
