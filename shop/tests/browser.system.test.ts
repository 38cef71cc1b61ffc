import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemClock as clock, ids, systemRandom } from '@dure/core';
import type { TestSystem } from '@dure/dure/testing';
import { startSystem } from '@dure/dure/testing';
import { openDatabase } from '@dure/postgres';
import { silentTelemetry } from '@dure/telemetry/testing';
import type { Browser, Page } from 'playwright-core';
import type { Visit } from './browser.ts';
import { installedChromium, openVisit, startBrowser } from './browser.ts';
import { storefront } from './storefront.ts';

const chromium = installedChromium();
const firstProduct = 'Celadon bowl';
const soldOut = 'Hourglass drum';

/**
 * One customer through the shop and the console, in a real browser; then what holds for every page. Each service has its
 * own process, so that one of them can be held up while an order is seen pending.
 */
describe('in a browser', { skip: 'missing' in chromium ? chromium.missing : false }, () => {
  let shop: TestSystem;
  let browser: Browser;
  let kim: Visit;
  let traceLink = '';
  before(async () => {
    assert.ok('path' in chromium);
    [shop, browser] = await Promise.all([
      startSystem(new URL('../system.ts', import.meta.url), { placement: 'each' }),
      startBrowser(chromium.path),
    ]);
    kim = await openVisit(browser);
  });
  after(async () => {
    await browser?.close();
    await shop?.stop();
  });

  test('somebody registers, buys and sees the order become confirmed without a reload', async () => {
    const { page } = kim;
    const person = storefront(page);
    await page.goto(shop.edge);
    await page.evaluate(() => document.body.setAttribute('data-loaded', 'once'));
    await person.choose('Boseong green tea');
    await person.checkOut();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    await person.register('Kim', 'kim@example.com');
    const payment = shop.kill('payment', 'SIGSTOP');
    try {
      await person.order();
      await verdict(page, 'We are on it').waitFor();
      await page
        .getByText('In progress')
        .or(page.getByText('Stock and payment', { exact: true }))
        .first()
        .waitFor();
    } finally {
      process.kill(payment, 'SIGCONT');
    }
    await verdict(page, 'Confirmed, and on its way').waitFor();
    assert.equal(await page.getAttribute('body', 'data-loaded'), 'once', 'the page was loaded again');
    traceLink = (await page.getByRole('link', { name: /See what happened inside/ }).getAttribute('href')) ?? '';
    assertClean(kim, [shop.edge]);
  });

  test('an order that cannot be filled is rejected with the reason in words', async () => {
    const { page } = kim;
    const person = storefront(page);
    await person.choose(soldOut);
    await person.checkOut();
    await person.order();
    await verdict(page, `There is not enough of ${soldOut} left: 0 in stock.`).waitFor();
    await page.getByRole('link', { name: 'Your orders: Kim' }).click();
    const states = page.getByRole('main').getByRole('listitem');
    assert.match((await states.nth(0).textContent()) ?? '', /Rejected/);
    assert.match((await states.nth(1).textContent()) ?? '', /Confirmed/);
    assertClean(kim, [shop.edge]);
  });

  test('the console turns away whoever has no session, and the one-time link opens it once', async () => {
    const { page } = kim;
    await page.getByRole('listitem').filter({ hasText: 'Confirmed' }).getByRole('link').click();
    await page.getByRole('link', { name: /See what happened inside/ }).click();
    await page.getByRole('heading', { name: 'This browser has no session here' }).waitFor();
    await page.goto(shop.consoleUrl);
    await page.getByRole('heading', { level: 1, name: 'Services' }).waitFor();
    await page.getByText(/^All \d+ services are up$/).waitFor();
    assert.ok(!page.url().includes('token'), 'the token stays in the address');
    await using stranger = await openVisit(browser);
    await stranger.page.goto(shop.consoleUrl);
    await stranger.page.getByRole('heading', { name: 'This browser has no session here' }).waitFor();
    assert.deepEqual(kim.refused.splice(0), [`GET ${new URL(traceLink).pathname} 401`]);
    assertClean(kim, [shop.edge, shop.urls.console]);
  });

  test('the trace of the order shows every service that took part, its spans and its logs', async () => {
    const { page } = kim;
    await page.goto(traceLink);
    await page.getByRole('heading', { level: 1, name: 'POST /orders' }).waitFor();
    const tree = page.getByRole('tree', { name: 'Timeline of the trace' });
    for (const service of ['gateway', 'order', 'product', 'inventory', 'payment', 'delivery'])
      await tree
        .getByRole('treeitem', { name: new RegExp(`^${service} `) })
        .first()
        .waitFor();
    await tree
      .getByRole('treeitem', { name: /^delivery / })
      .first()
      .click();
    const span = page.getByRole('complementary', { name: /delivery/ });
    await span.getByText('Duration').waitFor();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await span.waitFor({ state: 'detached' });
    const logs = page.getByRole('region', { name: 'Logs of this trace' });
    await logs.getByRole('listitem').first().getByRole('button').first().click();
    await logs.getByRole('listitem').first().getByText('instance').waitFor();
    assertClean(kim, [shop.edge, shop.urls.console]);
  });

  test('the saga of the order shows its steps, and leads back to the trace', async () => {
    const { page } = kim;
    await page.getByRole('link', { name: 'Sagas', exact: true }).click();
    await page
      .getByRole('list', { name: 'Sagas' })
      .getByRole('link', { name: /^Completed place-order/ })
      .click();
    const steps = page.getByRole('region', { name: 'Steps' }).getByRole('listitem');
    await steps.filter({ hasText: 'delivery.ship' }).getByText('Done').waitFor();
    assert.match((await page.getByRole('region', { name: 'Input' }).textContent()) ?? '', /"address": "\*\*\*"/);
    await page.getByText('It has ended; there is nothing left to do.').waitFor();
    await page.getByRole('main').getByRole('link', { name: 'Trace' }).click();
    await page.getByRole('heading', { level: 1, name: 'POST /orders' }).waitFor();
    assertClean(kim, [shop.edge, shop.urls.console]);
  });

  test('a message that cannot be read is seen among the parked ones, corrected by the keyboard, and applied', async () => {
    await parkUnreadable(shop.databaseUrls.product ?? '');
    const { page } = kim;
    await page.getByRole('link', { name: 'Parked', exact: true }).click();
    await page.getByText('1 key waits for somebody.').waitFor();
    const list = page.getByRole('list', { name: 'Parked messages' });
    await list.getByRole('link', { name: /^Stopped inventory\.ranLow product from inventory tea-green/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'inventory.ranLow tea-green' }).waitFor();
    await page.locator('h1:focus').waitFor(); // The first thing behind it is what waits.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Waiting messages' }).getByText('"left": "few"').waitFor();
    const form = page.getByRole('region', { name: 'Act on it' });
    await form.getByLabel('Action').selectOption('Edit and retry');
    const data = form.getByLabel('Data, as JSON');
    const asItCame = await data.inputValue();
    assert.match(asItCame, /"left": "few"/);
    await data.fill(asItCame.replace('"few"', '3'));
    await form.getByLabel('Who does it').fill('kim');
    await form.getByLabel('Why').fill('three were left');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'This key is not parked any more' }).waitFor();
    await page.getByRole('link', { name: 'Parked messages' }).click();
    await page.getByRole('heading', { name: 'Nothing is parked' }).waitFor();
    assert.deepEqual(kim.refused.splice(0).slice(0, 1), ['GET /api/parked/product 404']);
    assertClean(kim, [shop.edge, shop.urls.console]);
  });

  test('the checkout of an empty basket leads to the basket', async () => {
    await kim.page.goto(`${shop.edge}/checkout`);
    await kim.page.getByRole('heading', { name: 'Your basket is empty' }).waitFor();
    assert.equal(kim.page.url(), `${shop.edge}/basket`);
  });

  test('the token is in no storage, and the cookies are out of reach for scripts', async () => {
    for (const origin of [shop.edge, shop.urls.console]) {
      await kim.page.goto(origin);
      await kim.page.getByRole('heading', { level: 1 }).waitFor();
      const reachable = await kim.page.evaluate(() =>
        JSON.stringify([document.cookie, Object.entries(localStorage), Object.entries(sessionStorage)]),
      );
      for (const { name, value, httpOnly, sameSite } of await kim.context.cookies()) {
        assert.deepEqual([name, httpOnly, sameSite], [name, true, 'Strict']);
        assert.ok(!reachable.includes(value) && !reachable.includes('eyJ'), reachable);
      }
    }
    const names = (await kim.context.cookies()).map(({ name }) => name).sort();
    assert.deepEqual(names, ['dure_console', 'dure_position', 'dure_session']);
  });

  test('a session outlives its user service, and its end leads to the sign-in form', async () => {
    const { page, context } = kim;
    shop.kill('user');
    await page.goto(`${shop.edge}/my/orders`);
    await page.getByRole('main').getByRole('listitem').first().waitFor();
    await shop.untilReady();
    kim.refused.length = 0;
    await page.goto(shop.edge);
    await page.getByRole('link', { name: 'Your orders' }).waitFor();
    await context.clearCookies({ name: 'dure_session' });
    await page.getByRole('link', { name: 'Your orders' }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    await page.getByLabel('Email').fill('kim@example.com');
    await page.getByLabel('Password').fill('wrong horse battery');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').filter({ hasText: 'Email and password do not fit together.' }).waitFor();
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { level: 1, name: 'Your orders' }).waitFor();
    assert.deepEqual(kim.refused.splice(0), ['GET /orders 401', 'POST /session 401']);
    assertClean(kim, [shop.edge, shop.urls.console]);
  });

  test('the keyboard alone reaches a product, past the navigation, and opens it', async () => {
    await using visit = await openVisit(browser);
    const { page } = visit;
    await page.goto(shop.edge);
    await page.getByRole('list', { name: 'Products' }).getByRole('link', { name: firstProduct }).waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'Skip to content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.ok(
      await page
        .getByRole('searchbox', { name: 'Search the products' })
        .evaluate((box) => box === document.activeElement),
    );
    await page.keyboard.press('Tab');
    assert.ok((await focused(page)).startsWith(firstProduct), await focused(page));
    assert.notEqual(
      await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle),
      'none',
    );
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: firstProduct }).waitFor();
    await page.locator('h1:focus').waitFor(); // The heading of the new page takes the focus.
    assert.equal(await focused(page), firstProduct);
    assertClean(visit, [shop.edge]);
  });

  test('what is typed into the search is found, in either language', async () => {
    await using visit = await openVisit(browser);
    const { page } = visit;
    await page.goto(shop.edge);
    await page.getByRole('searchbox').fill('유자');
    const found = page.getByRole('list', { name: 'Products' }).getByRole('listitem');
    await page.getByRole('status').filter({ hasText: '1 product' }).waitFor();
    assert.equal(await found.count(), 1);
    assert.match((await found.first().textContent()) ?? '', /Goheung citron tea/);
    await page.getByRole('searchbox').fill('nothing like it');
    await page.getByRole('status').filter({ hasText: 'Nothing like that' }).waitFor();
    assertClean(visit, [shop.edge]);
  });

  test('both interfaces speak Korean at the press of a button, and remember it', async () => {
    const { page } = kim;
    for (const [origin, title] of [
      [shop.edge, '서로 거드는 손이 만듭니다'],
      [shop.urls.console, '서비스'],
    ] as const) {
      await page.goto(origin);
      await page.getByRole('button', { name: '한국어로 보기' }).click();
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      assert.equal(await page.getAttribute('html', 'lang'), 'ko');
      await page.reload();
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
    }
    assertClean(kim, [shop.edge, shop.urls.console]);
  });

  test('no page is wider than a narrow phone, in either language', async () => {
    const { page } = kim;
    await page.setViewportSize({ width: 360, height: 740 });
    const order = new URL(traceLink);
    const pages = [
      ...['/', '/item/tea-green', '/basket', '/sign-in', '/register', '/checkout', '/my/orders', '/nowhere'].map(
        (path) => shop.edge + path,
      ),
      ...['/', '/traces', order.pathname, '/sagas', '/parked', '/logs', '/nowhere'].map(
        (path) => shop.urls.console + path,
      ),
    ];
    const wide: string[] = [];
    for (const url of pages) {
      await page.goto(url);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page
        .getByText(/^(Loading|불러오는 중)$/)
        .first()
        .waitFor({ state: 'detached' });
      for (const _ of ['Korean', 'English']) {
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        if (width > 360) wide.push(`${url} in ${await page.getAttribute('html', 'lang')}: ${width} px`);
        await page.getByRole('button', { name: /^(한국어로 보기|View in English)$/ }).click();
      }
    }
    assert.deepEqual(wide, []);
    assertClean(kim, [shop.edge, shop.urls.console]);
  });
});

/** Leaves a message in the product service's database that its handler cannot read, as one of another release would be. */
async function parkUnreadable(url: string): Promise<void> {
  const telemetry = silentTelemetry();
  await using db = openDatabase({ url, service: 'product', clock, ids: ids(clock, systemRandom), telemetry });
  const at = clock.now();
  const data = { sku: 'tea-green', round: 1_000, left: 'few', wanted: 20 };
  const meta = { correlation: '7c1d02e94ab85f3160d2c7f4b1e8a935' };
  const told = { id: crypto.randomUUID(), at, kind: 'event', type: 'inventory.ranLow', version: 1 } as const;
  const message = { ...told, position: 1, source: 'inventory', key: 'tea-green', destination: undefined, data, meta };
  const failure = { code: 'DURE_MESSAGE_UNREADABLE', message: 'left: expected number', attempts: 1, at };
  await db.deliveries.park(message, { ...failure, nextAt: undefined }, { by: 'id', stream: 'inventory' });
}

function verdict(page: Page, text: string) {
  return page.getByRole('status').filter({ hasText: text });
}

function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent ?? '');
}

/** Nothing was refused, nothing went wrong on the browser's console, and no request left the system. */
function assertClean(visit: Visit, origins: readonly string[]): void {
  assert.deepEqual(visit.faults, []);
  assert.deepEqual(visit.refused, []);
  assert.deepEqual([...visit.origins.keys()].sort(), [...origins].sort());
}
