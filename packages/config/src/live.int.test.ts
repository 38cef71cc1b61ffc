import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { messageOf, systemClock, systemRandom, wait } from '@dure/core';
import { z } from 'zod';
import type { Vitals } from './client/index.ts';
import { feedHints, serverSource, watchConfig } from './client/index.ts';
import type { RollOutPolicy } from './server/live/roll-out-policy.ts';
import { startConfig } from './testing/start-config.ts';

const clock = systemClock;
const random = systemRandom;
const well: Vitals = { isUp: true, requests: 0, failures: 0, breakersOpened: 0 };

/** Waits for what other sockets bring about; fails when it does not come. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 500; turn += 1) {
    if (await holds()) return;
    await wait(clock, 20);
  }
  assert.fail(`${what} did not come`);
}

async function live(rollOut: RollOutPolicy | undefined, files: Readonly<Record<string, string>>) {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'dure-live-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const edit = (name: string, text: string) => writeFile(join(folder, name), text);
  for (const [name, text] of Object.entries(files)) await edit(name, text);
  const server = stack.use(await startConfig({ folder, rollOut, readers: ['supervisor'] }));
  const { url, managementUrl } = server;
  const opened = stack.move();
  const follow = async (service: string, number: number, most = 100, vitals = async () => well) => {
    const instance = `${service}:${number}`;
    const signer = server.signer(service);
    const tools = { url, signer, clock, random, instance };
    const heard: unknown[] = [];
    const hints = feedHints({ ...tools, vitals, onBus: (event) => heard.push(event) });
    const watch = await watchConfig({
      sections: { own: { schema: z.object({ lines: z.int().max(most).default(1) }) } },
      service,
      profiles: [],
      sources: [serverSource(tools)],
      clock,
      random,
      // Whatever is applied in a test is applied because somebody told of it.
      everyMs: 600_000,
      hints,
    });
    opened.use(watch);
    return { watch, hints, heard, lines: () => watch.current.values.own.lines };
  };
  const manage = async (path: string, body?: object) => {
    const response = await fetch(`${managementUrl}/actuator/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: 'Bearer supervisor' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.json() as Promise<Record<string, never>>;
  };
  interface Row {
    readonly instance: string;
    readonly version?: string;
    readonly refused?: string;
    readonly follows: boolean;
  }
  const instances = async () => (await manage('rollout/instances')).instances as unknown as readonly Row[];
  const following = (count: number) =>
    until(`${count} followers`, async () => (await instances()).filter(({ follows }) => follows).length === count);
  return { url, edit, follow, following, manage, instances, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

test('an edit is applied by all who follow, because they are told of it', async () => {
  await using world = await live(undefined, { 'application.yml': 'lines: 1\n' });
  const all = [await world.follow('order', 1), await world.follow('order', 2), await world.follow('payment', 1)];
  await world.following(3);
  await world.edit('application.yml', 'lines: 2\n');
  await until('the edit', () => all.every(({ lines }) => lines() === 2));
  await until('the reports', async () => {
    const versions = new Set((await world.instances()).map(({ version }) => version));
    return versions.size === 1 && versions.has(all[0]?.watch.current.version);
  });
  await all[0]?.watch.close();
  assert.deepEqual(
    (await world.instances()).map(({ instance }) => instance),
    ['order:2', 'payment:1'],
    'who leaves is not in the table',
  );
});

test('what is known is not sent again, and a comment is no new version', async () => {
  await using world = await live(undefined, { 'order.yml': 'lines: 1\n' });
  const read = async (etag?: string) => {
    const headers = { authorization: 'Bearer order', ...(etag === undefined ? {} : { 'if-none-match': etag }) };
    const response = await fetch(`${world.url}/order/default`, { headers });
    return { status: response.status, etag: response.headers.get('etag') ?? '', text: await response.text() };
  };
  const first = await read();
  assert.match(first.etag, /^"[\w-]+"$/);
  assert.deepEqual(await read(first.etag), { status: 304, etag: first.etag, text: '' });
  await world.edit('order.yml', '# a comment\nlines: 1\n');
  await world.edit('payment.yml', 'lines: 9\n');
  assert.equal((await read(first.etag)).status, 304);
  await world.edit('order.yml', 'lines: 2\n');
  assert.equal((await read(first.etag)).status, 200);
});

test('what one service refuses is applied nowhere, and the cure is given to all', async () => {
  await using world = await live({}, { 'application.yml': 'lines: 1\n' });
  const order = await world.follow('order', 1);
  const payment = await world.follow('payment', 1, 10);
  await world.following(2);
  await world.edit('application.yml', 'lines: 50\n');
  await until('the refusal', async () =>
    JSON.stringify(await world.manage('rollout')).includes('payment:1 refused it'),
  );
  assert.deepEqual([order.lines(), payment.lines()], [1, 1]);
  await order.watch.refresh();
  assert.equal(order.lines(), 1, 'nobody gets it by asking');
  assert.deepEqual(order.watch.current.warnings, ['the config server holds a change back: payment:1 refused it']);
  const health = await world.manage('health');
  assert.match(JSON.stringify(health), /"DOWN".*payment:1 refused it/);
  assert.match(JSON.stringify(await world.manage('rollout')), /lines = 50 \(server, application\.yml:1:8\)/);
  const fresh = await world.follow('payment', 2, 10);
  assert.equal(fresh.lines(), 1, 'a new instance starts with what is accepted');
  await world.edit('order.yml', 'lines: 3\n');
  await world.edit('application.yml', 'lines: 5\n');
  await until('the cure', () => order.lines() === 3 && payment.lines() === 5 && fresh.lines() === 5);
  assert.match(JSON.stringify(await world.manage('health')), /"UP"/);
});

test('a change of one service waits for no refusal of another’s', async () => {
  await using world = await live({}, { 'order.yml': 'lines: 1\n', 'payment.yml': 'lines: 1\n' });
  const order = await world.follow('order', 1, 10);
  const payment = await world.follow('payment', 1);
  await world.following(2);
  await world.edit('order.yml', 'lines: 50\n');
  await until('the refusal', async () => JSON.stringify(await world.manage('rollout')).includes('order:1 refused it'));
  await world.edit('payment.yml', 'lines: 7\n');
  await until('the other edit', () => payment.lines() === 7);
  assert.equal(order.lines(), 1);
  await world.edit('order.yml', 'lines: 1\n');
  const changes = async () => ((await world.manage('rollout')).changes as unknown as readonly unknown[]).length;
  assert.equal(await changes(), 1);
  await until('the edit that is taken back', async () => (await changes()) === 0);
});

test('a canary has a change first; when it stays well, all get it', async () => {
  await using world = await live({ canary: true, watchMs: 1_500 }, { 'order.yml': 'lines: 1\n' });
  const first = await world.follow('order', 1);
  const second = await world.follow('order', 2);
  await world.following(2);
  await world.edit('order.yml', 'lines: 2\n');
  await until('the trial', () => first.lines() === 2);
  assert.equal(second.lines(), 1);
  await second.watch.refresh();
  assert.equal(second.lines(), 1);
  await until('the others', () => second.lines() === 2);
});

test('a canary that falls ill gives the change back; it stays away until the file changes', async () => {
  await using world = await live({ canary: true, watchMs: 60_000 }, { 'order.yml': 'lines: 1\n' });
  const ill: { watch?: Awaited<ReturnType<typeof world.follow>> } = {};
  const vitals = async (): Promise<Vitals> =>
    ill.watch?.lines() === 2 ? { ...well, requests: 20, failures: 15 } : well;
  ill.watch = await world.follow('order', 1, 100, vitals);
  const second = await world.follow('order', 2);
  await world.following(2);
  await world.edit('order.yml', 'lines: 2\n');
  await until('the trial', () => ill.watch?.lines() === 2);
  await until('the return', () => ill.watch?.lines() === 1);
  assert.match(
    JSON.stringify(await world.manage('rollout')),
    /"held".*order:1 tried it out and failed 15 of 20 requests, 75 % against 0 % before/,
  );
  await ill.watch.watch.refresh();
  await second.watch.refresh();
  assert.deepEqual([ill.watch.lines(), second.lines()], [1, 1]);
});

test('a dry run says who would refuse a folder, and changes nothing', async () => {
  await using world = await live({}, { 'application.yml': 'lines: 1\n' });
  const order = await world.follow('order', 1, 10);
  await world.follow('payment', 1);
  await world.following(2);
  const run = async (text: string) =>
    JSON.stringify(await world.manage('rollout/check', { files: { 'order.yml': text } }));
  assert.match(await run('lines: 4\n'), /^\{"isAccepted":true,/);
  const refused = await run('lines: 40\n');
  assert.match(refused, /^\{"isAccepted":false,.*order:1: .*lines = 40 \(server, order\.yml:1:8\)/);
  assert.match(await run('lines: [\n'), /^\{"isAccepted":false,.*order\.yml/);
  assert.equal(order.lines(), 1);
  assert.match(JSON.stringify(await world.manage('rollout/check', { files: { '../x.yml': '' } })), /INPUT_INVALID/);
});

test('an instance speaks for itself only, and follows its own configuration only', async () => {
  await using world = await live({}, {});
  await world.follow('order', 1);
  await world.following(1);
  const report = async (subject: string, application: string) => {
    const body = JSON.stringify({ instance: 'order:1', application, profiles: [], leaves: true });
    const headers = { authorization: `Bearer ${subject}` };
    const response = await fetch(`${world.url}/dure/config/reports`, { method: 'POST', headers, body });
    return [response.status, ((await response.json()) as { code: string }).code];
  };
  assert.deepEqual(await report('payment', 'payment'), [403, 'CONFIG_NOT_YOURS']);
  assert.deepEqual(await report('payment', 'order'), [403, 'CONFIG_NOT_YOURS']);
  const follow = await fetch(`${world.url}/dure/config/changes/order/default?instance=x`, {
    headers: { authorization: 'Bearer payment' },
  });
  assert.equal(follow.status, 403);
  assert.match(await follow.text(), /CONFIG_NOT_YOURS/);
  const nameless = await fetch(`${world.url}/dure/config/changes/order/default`, {
    headers: { authorization: 'Bearer order' },
  });
  assert.match(await nameless.text(), /CONFIG_REPORT_INVALID/);
  assert.equal((await world.instances()).length, 1);
});

test('an event of the bus is heard by all who follow', async () => {
  await using world = await live(undefined, {});
  const all = [await world.follow('order', 1), await world.follow('payment', 1)];
  await world.following(2);
  await all[0]?.hints.publish({ type: 'RefreshRemoteApplicationEvent' });
  await until('the event', () => all.every(({ heard }) => heard.length === 1));
  await assert.rejects(all[0]?.hints.publish({}) ?? Promise.resolve(), (error) =>
    /answered 400/.test(messageOf(error)),
  );
});
