import { test } from 'node:test';
import { killStorm } from './kill-storm.ts';
import { withoutBroker } from './shop-module.ts';

const seed = Number(process.env.SEED ?? 20261120);

test(
  `every order ends, none is lost and none is doubled, while every process is killed, the supervisor too (seed ${seed})`,
  {
    skip: withoutBroker,
  },
  (context) =>
    killStorm(context, {
      seed,
      orders: 200,
      perSecond: 20,
      between: [200, 1_000],
      rounds: 1,
      killsStarts: false,
    }),
);
