// A price is asked for all the time, and never fails: meanwhile files change the discount, a broken edit is refused, and a
// feature reaches a share of the customers.
import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, wait } from '@dure/core';
import { startSystem } from '@dure/dure/testing';

interface Price {
  readonly won: number;
  readonly isWrapped: boolean;
}

const folder = await mkdtemp(join(tmpdir(), 'live-config-'));
await cp(join(import.meta.dirname, 'config'), folder, { recursive: true });
process.env.MARKET_CONFIG = folder;
const customers = Array.from({ length: 100 }, (_, number) => `customer-${number}`);
const failed: string[] = [];
let last: Price = { won: 0, isWrapped: false };
let isOver = false;

await using market = await startSystem(new URL('./system.ts', import.meta.url));
const flow = askAllTheTime();

// region edits
await until(() => last.won === 12_000);
say('the price is 12000');

await edit('discount-percent: 20');
await until(() => last.won === 9_600);
say('20 % off: 9600');

await edit('discount-percent: 200');
await until(async () => (await market.output('all')).includes('refused it'));
say(`200 % off is refused, the price is ${(await ask('customer-0')).won}`);

const giftWrap = (percent: number) =>
  edit(`discount-percent: 20\ndure.flags.gift-wrap.rules: [{ percent: ${percent}, value: true }]`);
await giftWrap(25);
const few = await wrapped(1);
say(`gift wrap for 25 %: ${few.length} of 100 customers`);

await giftWrap(50);
const many = await wrapped(few.length + 1);
say(
  `gift wrap for 50 %: ${many.length}, ${few.every((one) => many.includes(one)) ? 'the former among them' : 'others'}`,
);
// endregion

isOver = true;
await flow;
say(`${failed.length} calls failed meanwhile`);
await rm(folder, { recursive: true });

/** The file is replaced as a whole, as editors do it: one that is half written is an edit, too. */
async function edit(text: string): Promise<void> {
  const file = join(folder, 'price.yml');
  await writeFile(`${file}.new`, `${text}\n`);
  await rename(`${file}.new`, file);
}

async function ask(customer: string): Promise<Price> {
  const answer = await fetch(`${market.edge}/price?customer=${customer}`);
  if (!answer.ok) throw new TypeError(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Price;
}

async function askAllTheTime(): Promise<void> {
  while (!isOver) {
    await ask('customer-0').then(
      (price) => {
        last = price;
      },
      (error: unknown) => failed.push(String(error)),
    );
    await wait(systemClock, 5);
  }
}

/** Who is given gift wrap, once at least so many are. */
async function wrapped(least: number): Promise<readonly string[]> {
  const now = async () => {
    const prices = await Promise.all(customers.map(ask));
    return customers.filter((_, index) => prices[index]?.isWrapped);
  };
  await until(async () => (await now()).length >= least);
  return now(); // the change may have come in the middle of that
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = systemClock.monotonicMs() + 30_000;
  while (!(await isSo())) {
    if (systemClock.monotonicMs() > giveUpAt) throw new TypeError('it has not happened within 30 s');
    await wait(systemClock, 25);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
