// How long until the whole shop is ready: the first time, warm, in one process; how long does it take to stop?
import { forget, startShop, stateFolder } from './lib/shop.ts';
import { median, printTable, round } from './lib/table.ts';

const runs = Number(process.env.RUNS ?? 5);
const seconds = (ms: number) => round(ms / 1_000);
const rows: (string | number)[][] = [['start', 'ready in s (median)', 'worst', 'waited s', 'stop s (median)', 'bar']];

for (const [name, flags, bar] of [
  ['first', [], '≤ 15'],
  ['warm', [], '≤ 4, stop ≤ 2'],
  ['warm, --placement one', ['--placement', 'one'], '≤ 2'],
] as const) {
  const folder = stateFolder();
  const ready: number[] = [];
  const waited: number[] = [];
  const stops: number[] = [];
  for (let run = 0; run < (name === 'first' ? 1 : runs + 1); run += 1) {
    const shop = await startShop(folder, ...flags);
    const stopMs = await shop.stop();
    if (name !== 'first' && run === 0) continue; // warms the caches
    ready.push(shop.readyMs);
    waited.push(shop.waitedMs);
    stops.push(stopMs);
  }
  rows.push([
    name,
    seconds(median(ready)),
    seconds(Math.max(...ready)),
    seconds(median(waited)),
    seconds(median(stops)),
    bar,
  ]);
  forget(folder);
}
printTable(`Start and stop of the whole shop, ${runs} warm runs`, rows);
