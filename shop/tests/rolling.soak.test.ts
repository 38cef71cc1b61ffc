import { test } from 'node:test';
import { rollUnderLoad } from './rolling.ts';

const seed = Number(process.env.SEED ?? 20261122);

test(`of 100 000 requests none fails while every service is restarted or scaled, and the registry is killed (seed ${seed})`, (context) =>
  rollUnderLoad(context, {
    seed,
    requests: 100_000,
    perSecond: 600,
    connections: 32,
    orderShare: 0.02,
    registerShare: 0.02,
    async turn(shop) {
      await shop.restart('order');
      await shop.scale({ order: 3 });
      await shop.restart('order');
      await shop.scale({ order: 1, product: 2 });
      await shop.restart('inventory');
      await shop.restart('product');
      await shop.scale({ product: 1, delivery: 2 });
      await shop.restart('payment');
      shop.kill('registry');
      await shop.restart('user');
      await shop.scale({ delivery: 1 });
    },
  }));
