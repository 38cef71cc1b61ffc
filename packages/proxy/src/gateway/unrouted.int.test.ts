import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Explanation } from '../observe/explanations.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { sendRaw } from '../testing/raw-client.ts';
import { things } from '../testing/test-contract.ts';
import { until } from '../testing/until.ts';

const folder = await mkdtemp(join(tmpdir(), 'dure-unrouted-'));
after(() => rm(folder, { recursive: true }));

interface Asked {
  readonly what: string;
  readonly raw: string;
  /** As it is told. */
  readonly request: string;
  readonly route: string;
  readonly status: number;
  readonly refused?: RegExp;
}

const host = 'Host: shop.test\r\nConnection: close';
const asked: readonly Asked[] = [
  {
    what: 'an address where nothing is',
    raw: `GET /nowhere?token=secret HTTP/1.1\r\n${host}\r\n\r\n`,
    request: 'GET /nowhere',
    route: '-',
    status: 404,
    refused: /^GATEWAY_NOT_FOUND: there is nothing/,
  },
  {
    what: 'a method that is not taken',
    raw: `PATCH /things/1 HTTP/1.1\r\n${host}\r\n\r\n`,
    request: 'PATCH /things/1',
    route: '-',
    status: 405,
    refused: /^GATEWAY_METHOD_NOT_ALLOWED/,
  },
  {
    what: 'an ambiguous target, told so that it ends no string',
    raw: `GET /a%2f"b" HTTP/1.1\r\n${host}\r\n\r\n`,
    request: 'GET /a%2f%22b%22',
    route: '-',
    status: 400,
    refused: /^GATEWAY_TARGET_INVALID/,
  },
  {
    what: 'what is no HTTP',
    raw: 'HELLO\r\n\r\n',
    request: '- -',
    route: '-',
    status: 400,
    refused: /^GATEWAY_MALFORMED/,
  },
  {
    what: 'a host that is none',
    raw: 'GET /things/1 HTTP/1.1\r\nHost: a"b\r\n\r\n',
    request: 'GET /things/1',
    route: '-',
    status: 400,
    refused: /^GATEWAY_MALFORMED/,
  },
  {
    what: 'a refusal on a route',
    raw: `GET /mine HTTP/1.1\r\n${host}\r\n\r\n`,
    request: 'GET /mine',
    route: 'things.listMine',
    status: 401,
    refused: /^SERVICE_TOKEN_MISSING/,
  },
  {
    what: 'an address of the gateway itself',
    raw: `GET /openapi.json HTTP/1.1\r\n${host}\r\n\r\n`,
    request: 'GET /openapi.json',
    route: 'openapi.json',
    status: 200,
  },
  {
    what: 'what a path takes',
    raw: `OPTIONS /things/1 HTTP/1.1\r\n${host}\r\n\r\n`,
    request: 'OPTIONS /things/1',
    route: 'options',
    status: 204,
  },
];

test('every answer has an id by which it is told why, and a line in the access log, also where no route was', async () => {
  const file = join(folder, 'access.log');
  const told: { readonly row: Asked; readonly id: string }[] = [];
  const gateway = await openGateway({ exposes: [things], accessLog: { file } });
  for (const row of asked) {
    const answer = await sendRaw(gateway.port, row.raw);
    const id = /^dure-request-id: ([0-9a-f]{32})$/im.exec(answer)?.[1] ?? assert.fail(`${row.what}: no id\n${answer}`);
    const { body } = await gateway.endpoint.handle({
      method: 'GET',
      path: ['requests', id],
      query: {},
      body: undefined,
    });
    const { method, path, route, status, notes } = body as Explanation;
    assert.deepEqual([`${method} ${path}`, route, status], [row.request, row.route, row.status], row.what);
    const refused = notes.find(({ what }) => what === 'refused')?.text;
    if (row.refused === undefined) assert.equal(refused, undefined, row.what);
    else assert.match(refused ?? '', row.refused, row.what);
    told.push({ row, id });
  }
  await gateway.close();
  const log = () => readFileSync(file, 'utf8');
  await until('the log is written', () => log().split('\n').length > asked.length);
  const text = log();
  assert.equal(text.includes('secret'), false);
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  assert.deepEqual(
    lines.map(({ id, status, client }) => [id, status, client]),
    told.map(({ row, id }) => [id, row.status, '127.0.0.1']),
  );
});
