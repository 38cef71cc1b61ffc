// How much private memory (USS) does each process hold, warm, with the whole shop running?

import { forget, privateMemoryMb, startShop, stateFolder } from './lib/shop.ts';
import { shopper } from './lib/shopper.ts';
import { printTable, round } from './lib/table.ts';

const folder = stateFolder();
await (await startShop(folder)).stop(); // compiles: a first start holds more
const shop = await startShop(folder);
const buyer = await shopper(shop.edge, 'memory');
for (let order = 0; order < 200; order += 1) await buyer.order('paper-hanji', 1, 'declined-card');
await new Promise((resolve) => setTimeout(resolve, 5_000));
const rows: (string | number)[][] = [['process', 'USS MB', 'bar']];
for (const { name, pid } of await shop.components()) {
  if (pid === undefined || name === 'postgres') continue;
  rows.push([name, round(privateMemoryMb(pid), 1), '≤ 80']);
}
printTable('Private memory after 200 orders and 5 s of rest', rows);
await shop.stop();
forget(folder);
