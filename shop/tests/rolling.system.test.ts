import { test } from 'node:test';
import { rollUnderLoad } from './rolling.ts';

const seed = Number(process.env.SEED ?? 20261121);

test(`no request fails while services are restarted and scaled, and the registry is killed (seed ${seed})`, (context) =>
  rollUnderLoad(context, {
    seed,
    requests: 10_000,
    perSecond: 500,
    connections: 16,
    orderShare: 0.02,
    registerShare: 0.02,
    repeats: false,
    async turn(shop) {
      await shop.restart('order');
      await shop.scale({ order: 3 });
      await shop.restart('inventory');
      shop.kill('registry');
      await shop.restart('user');
      await shop.scale({ order: 1 });
    },
  }));
