import { statSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, wait } from '@dure/core';
import type { TestSystem } from '@dure/dure/testing';
import { startSystem } from '@dure/dure/testing';
import type { Visit } from '../shop/tests/browser.ts';
import { installedChromium, openVisit, startBrowser } from '../shop/tests/browser.ts';
import type { Customer } from '../shop/tests/customer.ts';
import { customer } from '../shop/tests/customer.ts';

// Takes the pictures of the documentation from a shop that runs for it: `node tools/take-screenshots.ts`.

type Browser = Awaited<ReturnType<typeof startBrowser>>;

const root = join(import.meta.dirname, '..');
const images = join(root, 'docs/images');
const goods = ['tea-green', 'cup-moon', 'paper-hanji', 'fan-folding', 'tea-citron'];
const desk = { width: 1280, height: 800 };
const phone = { locale: 'ko-KR', viewport: { width: 360, height: 760 }, deviceScaleFactor: 2 };

const chromium = installedChromium();
if ('missing' in chromium) {
  process.stderr.write(`${chromium.missing}\n`);
  process.exitCode = 1;
} else {
  await using shop = await startSystem(new URL('../shop/system.ts', import.meta.url), { placement: 'each' });
  const browser = await startBrowser(chromium.path);
  try {
    const trace = await trade(shop);
    await photographShop(browser, shop);
    await photographConsole(browser, shop, trace);
  } finally {
    await browser.close();
  }
}

/** A minute of customers, so that the console has something to show; returns the trace of an order that went well. */
async function trade(shop: TestSystem): Promise<string> {
  const people: Customer[] = [];
  for (const name of ['sora', 'minjun', 'haneul']) people.push(await customer(shop.edge, name));
  for (let second = 0; second < 60; second += 1) {
    const busy = people.slice(0, 1 + Math.round(1 + Math.sin(second / 7)));
    await Promise.all(busy.map((person, index) => visit(person, second + index)));
    await wait(systemClock, 1_000);
  }
  const [sora] = people;
  if (sora === undefined) throw new TypeError('nobody registered');
  return (await buy(sora, 'tea-green', 'card')).trace;
}

/** Looks round, and buys something now and then. */
async function visit(person: Customer, turn: number): Promise<void> {
  await Promise.all(['/products', '/stock/tea-green', '/orders'].map((path) => person.ask('GET', path)));
  if (turn % 3 > 0) return;
  const { orderId } = await buy(person, goods[(turn / 3) % goods.length] ?? '', methodOf(turn));
  await person.ask('GET', `/order-pages/${orderId}`);
}

function methodOf(turn: number): string {
  return turn % 21 === 0 ? 'declined-card' : turn % 33 === 0 ? 'expired-card' : 'card';
}

/** Orders and waits until the order is decided. */
async function buy(
  person: Customer,
  sku: string,
  method: string,
): Promise<{ readonly orderId: string; readonly trace: string }> {
  const { body, headers } = await person.order(sku, 1, method);
  const orderId = String(body.orderId);
  await person.follow(orderId);
  return { orderId, trace: headers.get('dure-request-id') ?? '' };
}

async function photographShop(browser: Browser, shop: TestSystem): Promise<void> {
  const colours = { light: 'storefront', dark: 'storefront-dark' } as const;
  for (const [colorScheme, name] of Object.entries(colours) as ['light' | 'dark', string][]) {
    await using visit = await openVisit(browser, { viewport: desk, colorScheme });
    await visit.page.goto(shop.edge);
    await visit.page.getByText('Only 1 left').waitFor();
    await photograph(visit.page, name);
  }
  await using visit = await openVisit(browser, phone);
  await visit.page.goto(shop.edge);
  await visit.page.getByText('1개 남음').waitFor();
  await photograph(visit.page, 'storefront-ko-phone');
}

async function photographConsole(browser: Browser, shop: TestSystem, trace: string): Promise<void> {
  await using visit = await openVisit(browser, { viewport: desk });
  const { page } = visit;
  await page.goto(shop.consoleUrl);
  await page.getByText(/^All \d+ services are up$/).waitFor();
  await page.getByRole('heading', { name: 'Who calls whom' }).waitFor();
  await page.setViewportSize({ ...desk, height: 1140 });
  await photograph(page, 'console-services');
  await page.goto(`${shop.urls.console}/traces/${trace}`);
  await page
    .getByRole('treeitem', { name: /^delivery / })
    .first()
    .waitFor();
  await page.getByText('the saga place-order is completed').waitFor();
  await page.setViewportSize({ ...desk, height: 1090 });
  await photograph(page, 'console-trace');
  await page.emulateMedia({ colorScheme: 'dark' });
  await photograph(page, 'console-trace-dark');
}

/** What is in view, as a PNG in `docs/images`. */
async function photograph(page: Visit['page'], name: string): Promise<void> {
  const path = join(images, `${name}.png`);
  await page.screenshot({ path, animations: 'disabled' });
  process.stdout.write(`${path} ${Math.round(statSync(path).size / 1024)} kB\n`);
}
