import { test } from 'node:test';
import { killStorm } from './kill-storm.ts';
import { withoutBroker } from './shop-module.ts';

const first = 20261128;
const seeds =
  process.env.SEED === undefined
    ? Array.from({ length: 20 }, (_, number) => first + number)
    : [Number(process.env.SEED)];

for (const seed of seeds) {
  test(
    `of 2 000 orders none is lost and none is doubled while every process, the supervisor too, is killed again and again (seed ${seed})`,
    {
      skip: withoutBroker,
    },
    (context) =>
      killStorm(context, {
        seed,
        orders: 2_000,
        perSecond: 30,
        between: [500, 3_000],
        rounds: 'until all is placed',
        killsStarts: true,
      }),
  );
}
