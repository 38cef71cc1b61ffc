// How long does it take from a pushed commit until the config server serves it, in a repository of many files?

import { gitBackend } from '@dure/config/server';
import { gitRemote } from '@dure/config/testing';
import { median, printTable, round } from './lib/table.ts';

const files = Number(process.env.FILES ?? 2_000);
const rounds = Number(process.env.ROUNDS ?? 15);

const text = (application: number, change: number) =>
  `${Array.from({ length: 20 }, (_, key) => `section-${key}:\n  value: ${application}\n  text: some words\n`).join('')}change: ${change}\n`;
const nameOf = (application: number) => `service-${application}`;
const ms = async (work: () => Promise<unknown>) => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};

await using remote = await gitRemote();
await remote.push(
  Object.fromEntries(Array.from({ length: files }, (_, each) => [`${nameOf(each)}.yml`, text(each, 0)])),
);
await using backend = gitBackend({ url: remote.url, refreshMs: 0 });
const read = async (application: number) => {
  const { sources } = await backend.find({ names: [nameOf(application)], profiles: ['prod'] });
  return sources[0]?.properties.get('change')?.value;
};

const cold = await ms(() => read(0));
const health = await ms(() => backend.problems());
const found = { refresh: [] as number[], served: [] as number[], quiet: [] as number[], health: [] as number[] };
for (let change = 1; change <= rounds; change += 1) {
  const application = (change * 131) % files;
  await read(application);
  await remote.push({ [`${nameOf(application)}.yml`]: text(application, change) });
  let changed: readonly string[] = [];
  const refreshMs = await ms(async () => {
    changed = await backend.refresh();
  });
  const readMs = await ms(async () => {
    if ((await read(application)) !== change) console.error('the change is not served');
  });
  if (changed.join() !== `${nameOf(application)}.yml`) console.error(`other files changed: ${changed.join()}`);
  found.refresh.push(refreshMs);
  found.served.push(refreshMs + readMs);
  found.health.push(await ms(() => backend.problems()));
  found.quiet.push(await ms(() => backend.refresh()));
}

const reads = 200_000;
const readsMs = await ms(async () => {
  for (let each = 0; each < reads; each += 1) await backend.find({ names: ['service-1'], profiles: ['prod'] });
});

printTable(`A git repository of ${files} files, ms, ${rounds} commits of one file`, [
  ['what', 'median', 'worst'],
  ['a commit: fetched, its files known', round(median(found.refresh)), round(Math.max(...found.refresh))],
  ['a commit: until it is served', round(median(found.served)), round(Math.max(...found.served))],
  ['a refresh without news', round(median(found.quiet)), round(Math.max(...found.quiet))],
  ['health after a commit: every file good?', round(median(found.health)), round(Math.max(...found.health))],
  ['the first read: clone and all', round(cold), ''],
  ['the first health: all files read', round(health), ''],
]);
printTable('Against the bar', [
  ['bar', 'wanted', 'found'],
  ['one changed file of 2 000, until it is served, ms, worst', '<= 1 000', round(Math.max(...found.served))],
]);
printTable('Reads of one Environment from the backend, by one process', [
  ['what', 'reads/s'],
  ['same commit', Math.round((reads * 1_000) / readsMs)],
]);
