import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isDureError } from '@dure/core';
import type { BadRequest } from './bad-request.ts';
import { at, get, post, send } from './bad-request.ts';
import type { CommandLine } from './command-line.ts';
import { commandLine } from './command-line.ts';
import { exchange } from './exchange.ts';
import { leaksIn } from './leaks.ts';
import { commandRows } from './rows/command-line.ts';
import { configRows } from './rows/config.ts';
import { collectorRows, consoleRows } from './rows/console.ts';
import { limitRows, modelRows } from './rows/definitions.ts';
import { gatewayAccess, gatewayHttp, gatewayTargets } from './rows/gateway.ts';
import { feedRows, managementRows, platformManagementRows } from './rows/management.ts';
import { registryRows } from './rows/registry.ts';
import { contractInput, servicePort } from './rows/service.ts';
import type { Running } from './running-shop.ts';
import { runningShop } from './running-shop.ts';

const requests: readonly BadRequest[] = [
  ...gatewayHttp,
  ...gatewayTargets,
  ...gatewayAccess,
  ...contractInput,
  ...servicePort,
  ...feedRows,
  ...managementRows,
  ...platformManagementRows,
  ...registryRows,
  ...configRows,
  ...collectorRows,
  ...consoleRows,
];
const definitions = [...limitRows, ...modelRows];
const rowCount = requests.length + definitions.length + commandRows.length;
const medianMs = 5;

describe('what bad definitions get where they are written', () => {
  for (const [what, build, code, says] of definitions) {
    test(`${what} gets ${code}`, () => {
      assert.throws(build, (error) => {
        assert.ok(isDureError(error), String(error));
        assert.equal(error.code, code);
        assert.match(error.message, says);
        return true;
      });
    });
  }
});

describe('what bad command lines get', () => {
  let dure: CommandLine;
  before(async () => {
    dure = await commandLine();
  });
  after(() => dure[Symbol.asyncDispose]());

  for (const [what, argv, exit, code, says] of commandRows) {
    test(`${what} (dure ${argv.join(' ')}) ends with ${exit} and ${code}`, async () => {
      const said = await dure.run(argv);
      assert.equal(said.exit, exit, said.err);
      const [first = '', fix = '', ...rest] = said.err.trimEnd().split('\n');
      assert.match(first, RegExp(`^dure: .+ \\[${code}\\]$`));
      assert.match(first, says);
      assert.match(fix, /^ {6}\S/);
      assert.deepEqual(rest, [], 'one line says what is wrong, one what to do next, and none where');
      assert.match(said.out, /^(?:\S+ is starting …\n)?$/);
    });
  }
});

describe('what bad input gets from the whole shop, in one process', () => {
  let shop: Running;
  const took: number[] = [];
  before(async () => {
    shop = await runningShop();
  });
  after(() => shop.stop());

  const sentBy = async ({ at, request }: Pick<BadRequest, 'at' | 'request'>) => {
    const { port, sending } = await shop.sendingTo(at, request.from);
    const sent = request.bytes(sending);
    return { sent: sent.toString('latin1'), answer: await exchange(port, sent) };
  };
  const demand = async (row: BadRequest) => {
    const { sent, answer } = await sentBy(row);
    took.push(answer.tookMs);
    assert.equal(answer.status, row.status, answer.text);
    assert.match(saidIn(answer.body, row, answer.fields), row.says);
    for (const [name, pattern] of Object.entries(row.fields)) assert.match(answer.fields[name] ?? '(absent)', pattern);
    assert.deepEqual(leaksIn(answer.text, sent), []);
  };

  for (const row of requests) {
    test(`${row.at}: ${row.what} gets ${row.status} ${row.code ?? 'in the words of its protocol'}`, () => demand(row));
  }

  test(`the median of all answers takes less than ${medianMs} ms`, (context) => {
    const median = took.toSorted((a, b) => a - b)[Math.floor(took.length / 2)] ?? Number.NaN;
    context.diagnostic(`${rowCount} rows, median ${median.toFixed(2)} ms over ${took.length} answers`);
    assert.ok(rowCount >= 150);
    assert.equal(took.length, requests.length);
    assert.ok(median < medianMs, `${median} ms`);
  });

  const unavailable = (code: string, says: RegExp): Promise<void> => {
    const [row] = at('gateway', [['', get('/stock/tea-green'), 503, code, says, { 'retry-after': /^[1-9]\d*$/ }]]);
    return demand(row as BadRequest);
  };

  test('gateway: a service whose circuit breaker is open gets 503 GATEWAY_BREAKER_OPEN, and when to come again', async () => {
    await sentBy({ at: 'gateway', request: get('/stock/tea-green') });
    const { answer } = await sentBy({
      at: 'gateway management',
      request: get('/actuator/circuitbreakers', { from: 'order' }),
    });
    const { circuitBreakers } = JSON.parse(answer.body) as { readonly circuitBreakers: object };
    const name = Object.keys(circuitBreakers).find((one) => / getStock$/.test(one)) ?? '';
    const switchTo = (updateState: string) =>
      sentBy({
        at: 'gateway management',
        request: post(`/actuator/circuitbreakers/${encodeURIComponent(name)}`, { updateState }, { from: 'order' }),
      });
    assert.equal((await switchTo('FORCE_OPEN')).answer.status, 200);
    await unavailable('GATEWAY_BREAKER_OPEN', /"inventory" has failed too often/);
    await switchTo('CLOSE');
  });

  test('gateway: a service without an instance gets 503 GATEWAY_NO_INSTANCE, and when to come again', async () => {
    const id = await shop.instanceOf('inventory');
    const drain = send('PUT', `/dure/drains/inventory/${encodeURIComponent(id)}?within=5000`, { from: 'inventory' });
    assert.match((await sentBy({ at: 'registry', request: drain })).answer.body, /"drained"/);
    await unavailable('GATEWAY_NO_INSTANCE', /no instance of "inventory"/);
  });
});

/** What the answer says in words, after its form has been checked. */
function saidIn(body: string, { code, status }: BadRequest, fields: Readonly<Record<string, string>>): string {
  const type = fields['content-type'] ?? '';
  if (code === null) {
    assert.doesNotMatch(type, /problem/);
    return body;
  }
  if (code.startsWith('CONSOLE_INGEST_')) return otlpStatus(body, code);
  assert.match(type, /^application\/problem\+json/);
  const problem = JSON.parse(body) as Readonly<Record<string, unknown>>;
  assert.equal(problem.code ?? problem.refusal, code);
  assert.match(
    String(problem.type),
    problem.code === undefined ? /^urn:dure:refusal:[a-z]+:\w+:\w+$/ : RegExp(`^urn:dure:error:${code}$`),
  );
  assert.equal(problem.status, status);
  assert.match(String(problem.traceId), /^[0-9a-f]{32}$/);
  assert.ok(String(problem.title).length > 0);
  return String(problem.detail ?? '');
}

/** OTLP/HTTP answers a failure with a `Status`. */
function otlpStatus(body: string, code: string): string {
  const status = JSON.parse(body) as Readonly<Record<string, unknown>>;
  assert.equal(status.code, code);
  return String(status.message);
}
