import { test } from 'node:test';
import { rollUnderLoad } from './rolling.ts';

const seed = Number(process.env.SEED ?? 20261121);

test(`no request fails while services are restarted, scaled up and scaled down (seed ${seed})`, (context) =>
  rollUnderLoad(context, {
    seed,
    requests: 10_000,
    perSecond: 500,
    connections: 16,
    orderShare: 0.02,
    signInShare: 0.002,
    repeats: false,
    async turn(shop) {
      await shop.restart('order');
      await shop.scale({ order: 3 });
      await shop.restart('inventory');
      await shop.restart('user');
      await shop.scale({ order: 1 });
    },
  }));
