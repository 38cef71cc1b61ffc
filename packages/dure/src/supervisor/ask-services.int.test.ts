import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { askServices } from './ask-services.ts';
import type { ManagementQuestion } from './control-server.ts';

const signer = { authorize: async (audience: string) => `Bearer for ${audience}` };

/** A management port that tells what it was asked, or refuses. */
async function books(status = 200, body?: unknown) {
  const server = createServer(async ({ method, url, headers: { authorization } }, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { method, url, authorization }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: managementPort } = server.address() as AddressInfo;
  const close = () => server.close().closeAllConnections();
  const ask = (change: Partial<ManagementQuestion> = {}) =>
    askServices(
      { ask: 'manage', service: 'books', method: 'GET', path: 'jobs/a b', ...change },
      '127.0.0.1',
      [{ name: 'books', instanceId: 'books:1', port: 1, managementPort, version: '1' }],
      signer,
    );
  return { ask, close, [Symbol.dispose]: close };
}

test('a service is asked at its management port, with the credentials of the supervisor', async () => {
  using service = await books();
  assert.deepEqual(await service.ask(), {
    method: 'GET',
    url: '/actuator/jobs/a%20b',
    authorization: 'Bearer for books',
  });
});

test('what it refuses with is passed on, and what it does not answer is said', async () => {
  const problem = { title: 'no such job', detail: 'books has no job "x"', status: 404, code: 'JOBS_UNKNOWN' };
  using refusing = await books(404, problem);
  await assert.rejects(refusing.ask(), { code: 'JOBS_UNKNOWN', message: 'books has no job "x"' });
  await assert.rejects(refusing.ask({ service: 'book' }), { code: 'DURE_SERVICE_UNKNOWN', message: /there are books/ });
  using broken = await books(500, { title: 'an error', status: 500, code: 'SERVICE_INTERNAL' });
  await assert.rejects(broken.ask(), { code: 'DURE_MANAGEMENT_REFUSED', message: 'books answered 500: an error' });
  broken.close();
  await assert.rejects(broken.ask(), { code: 'DURE_MANAGEMENT_REFUSED', message: /books does not answer/ });
});
