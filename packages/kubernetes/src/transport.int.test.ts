import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { inCluster } from './in-cluster.ts';
import { FakeApiServer } from './testing/fake-api-server.ts';
import { selfSigned } from './testing/self-signed.ts';
import { kubernetesApi } from './transport.ts';

async function withFolder(files: Readonly<Record<string, string>>, run: (folder: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'dure-kubernetes-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const path = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector=a=b';

test('in a cluster, token and certificate authority come from the service account, anew for each request', async (context) => {
  const [mine, other] = [selfSigned(), selfSigned()];
  const server = await new FakeApiServer(mine).listen();
  context.after(() => server.close());
  const files = { namespace: 'shop\n', token: 'one\n', 'ca.crt': other.cert };
  await withFolder(files, async (folder) => {
    const access = await inCluster(server.url, folder);
    assert.equal(access.namespace, 'shop');
    const api = kubernetesApi(access);
    const ask = async () => Array.fromAsync(await api.get(path, new AbortController().signal));
    await assert.rejects(ask, (error) => codeOf(error) === 'KUBERNETES_UNREACHABLE');
    await writeFile(join(folder, 'ca.crt'), mine.cert);
    assert.match((await ask()).join(''), /"kind":"\w*List"/);
    await writeFile(join(folder, 'token'), 'two\n');
    await ask();
    assert.deepEqual(
      server.requests.map(({ authorization }) => authorization),
      ['Bearer one', 'Bearer two'],
    );
  });
});

test('where no service account is mounted, the file that is missing is named', async () => {
  await withFolder({ namespace: 'shop', 'ca.crt': 'PEM' }, async (folder) => {
    await assert.rejects(inCluster('https://api', folder), (error: Error) => {
      assert.equal(codeOf(error), 'KUBERNETES_NOT_IN_CLUSTER');
      assert.ok(error.message.includes(join(folder, 'token')));
      return true;
    });
  });
});

test('an aborted request ends at once, before and after its answer has begun', async () => {
  const server = await new FakeApiServer().listen();
  const api = kubernetesApi({ url: server.url });
  const abort = new AbortController();
  const body = await api.get(`${path}&watch=1&resourceVersion=0`, abort.signal);
  const reading = Array.fromAsync(body);
  abort.abort();
  await assert.rejects(reading, (error) => codeOf(error) === 'KUBERNETES_UNREACHABLE');
  await assert.rejects(api.get(path, abort.signal), (error) => codeOf(error) === 'KUBERNETES_UNREACHABLE');
  await server.close();
});
