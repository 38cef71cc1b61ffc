import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { TestSystem } from '@dure/dure/testing';
import { startSystem } from '@dure/dure/testing';
import type { Answer } from './customer.ts';
import { ask } from './customer.ts';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);
const beta = { cookie: 'shop_beta=1' };

let shop: TestSystem;
before(async () => {
  shop = await startSystem(new URL('../system.ts', import.meta.url), { placement: 'each' });
});
after(() => shop.stop());

/** As somebody who works on the shop types it. */
async function dure(...argv: readonly string[]): Promise<string> {
  const program = join(root, 'packages', 'dure', 'bin', 'dure.js');
  const parameters = [program, ...argv, '--state', shop.stateFolder];
  return (await run(process.execPath, parameters, { cwd: root, env: { ...process.env, LANG: 'C' } })).stdout;
}

/** Asks the service itself: the gateway keeps what it answers for a second. */
const read = (headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  ask(`${shop.edge}/products/tea-green`, { headers: { 'cache-control': 'no-cache', ...headers } });

/** The version that answered, which its badge tells, or the status of a failure. */
const versionOf = ({ status, body }: Answer) =>
  status !== 200 ? `failed ${status}` : body.badge === undefined ? 1 : 2;

async function versions(count: number, headers?: Readonly<Record<string, string>>) {
  const seen = new Set<string | number>();
  for (let turn = 0; turn < count; turn += 1) seen.add(versionOf(await read(headers)));
  return [...seen].sort();
}

test('a version that is tried out answers those who ask for it, and nobody else', async (context) => {
  assert.deepEqual(await versions(10, beta), [1], 'there is no version 2 yet');
  assert.match(
    await dure('canary', 'product', 'shop/product/next.ts'),
    /^product@canary is version 2, beside version 1/,
  );

  await context.test('with the cookie always, without it never', async () => {
    assert.deepEqual(await Promise.all([versions(100), versions(100, beta)]), [[1], [2]]);
    const kept = await ask(`${shop.edge}/products/tea-green`, {});
    assert.equal(versionOf(kept), 1, 'what the gateway keeps of one version is for that version');
  });

  await context.test('status and explain tell the version', async () => {
    assert.match(await dure('status'), /^product +1 +ready.*\nproduct@canary +2 +ready/m);
    const id = (await read(beta)).headers.get('dure-request-id') ?? '';
    assert.match(await dure('explain', id), /canary +version 2\n.*attempt +1: product:[\w-]+ \(version 2\), 200/s);
  });

  await context.test('when it is killed no request fails: version 1 answers until it is back', async () => {
    const seen = new Map<string | number, number>();
    const load = async () => {
      for (let turn = 0; turn < 100; turn += 1) {
        const version = versionOf(await read(beta));
        seen.set(version, (seen.get(version) ?? 0) + 1);
      }
    };
    const loads = [load(), load(), load(), load()];
    await read(beta);
    shop.kill('product@canary');
    await Promise.all(loads);
    context.diagnostic(JSON.stringify([...seen]));
    assert.deepEqual(
      [...seen.keys()].filter((version) => version !== 1 && version !== 2),
      [],
    );
    assert.ok((seen.get(1) ?? 0) > 0, 'version 1 stood in');
    await shop.untilReady();
    assert.deepEqual(await versions(20, beta), [2]);
    const { components } = await shop.status();
    assert.equal(components.find(({ name }) => name === 'product@canary')?.restarts, 1);
  });

  await context.test('it ends without a failed request', async () => {
    const [seen, said] = await Promise.all([versions(100, beta), dure('canary', 'product', '--end')]);
    assert.deepEqual(
      seen.filter((version) => typeof version === 'string'),
      [],
    );
    assert.match(said, /^product is tried out in no version but 1/);
    assert.deepEqual(await versions(10, beta), [1]);
    assert.doesNotMatch(await dure('status'), /canary/);
  });
});
