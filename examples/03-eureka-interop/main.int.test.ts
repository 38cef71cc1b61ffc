import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

test('a program that sends what a Eureka client sends and a service of ours find and call each other', () => {
  const main = join(import.meta.dirname, 'main.ts');
  const printed = execFileSync(process.execPath, [main], { encoding: 'utf8', timeout: 30_000 });
  const lines = printed
    .replaceAll(/:\d{2,5}(?=[/ ])/g, ':PORT')
    .trimEnd()
    .split('\n');
  assert.deepEqual(lines.slice(0, -1), [
    'registry    a Eureka server at http://127.0.0.1:PORT/eureka/',
    'price       registers: 204',
    'price       with a wrong password: 401',
    'shelf       calls price: {"sku":"tea-green","won":12000}',
    'price       heartbeat: 200',
    'price       sees PRICE 127.0.0.1:PORT UP',
    'price       sees SHELF 127.0.0.1:PORT UP',
    'price       calls shelf: {"sku":"tea-green","shelf":"B4"}',
    'price       cancels: 200',
  ]);
  assert.match(lines.at(-1) ?? '', /^shelf {7}calls price: SERVICE_NO_INSTANCE: no instance of "price" is up/);
});
