// How many orders a second does the whole shop take through the gateway, and how long until they are decided?
import { callsPerSecond } from './lib/load.ts';
import { forget, startShop, stateFolder } from './lib/shop.ts';
import { shopper } from './lib/shopper.ts';
import { median, printTable, round } from './lib/table.ts';

const folder = stateFolder();
const shop = await startShop(folder);
const buyer = await shopper(shop.edge, 'orders');
const rows: (string | number)[][] = [['concurrency', 'orders/s accepted (median of 5)', 'answers other than 202']];
for (const concurrency of [1, 8, 32]) {
  const rates: number[] = [];
  let others = 0;
  for (let run = 0; run < 5; run += 1) {
    rates.push(
      await callsPerSecond(
        async () => {
          if ((await buyer.order('paper-hanji', 1, 'declined-card')) !== 202) others += 1;
        },
        concurrency,
        2_000,
      ),
    );
  }
  rows.push([concurrency, round(median(rates), 0), others]);
}
const from = performance.now();
for (let pending = 1; pending > 0; ) {
  const response = await fetch(`${shop.edge}/orders?limit=50`, { headers: { authorization: buyer.authorization } });
  const { orders } = (await response.json()) as { readonly orders: readonly { readonly state: string }[] };
  pending = orders.filter(({ state }) => state === 'pending').length;
  if (pending > 0) await new Promise((resolve) => setTimeout(resolve, 100));
}
printTable('Orders through the gateway, everything on this machine', rows);
process.stdout.write(
  `the latest 50 orders were decided ${round((performance.now() - from) / 1_000)} s after the last was placed; verify exits ${await shop.verify()}\n`,
);
await shop.stop();
forget(folder);
