import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gitRemote } from '../../testing/git-remote.ts';
import { startConfig } from '../../testing/start-config.ts';
import { gitBackend } from '../backends/git-backend.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

/** Sends a path as it is: `fetch` would tidy it up. */
function ask(url: string, path: string): Promise<{ readonly status: number; readonly text: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const headers = { authorization: 'Bearer supervisor' };
    request({ hostname, port, path, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    })
      .on('error', reject)
      .end();
  });
}

test('no spelling of application, profile, label or path reaches what is not in the commit', async () => {
  await using remote = await gitRemote();
  await remote.push({ 'order.yml': 'lines: 1\n', 'conf/nginx.conf': 'listen 80;\n' });
  await writeFile(join(dirname(remote.folder), 'order.yml'), 'canary: outside\n');
  await using backend = gitBackend({
    url: remote.url,
    refreshMs: 0,
    searchPaths: ['{application}', '{profile}', '{label}'],
  });
  await using running = await startConfig({ backend, readers: ['supervisor'] });
  const dots = [
    '..',
    '%2e%2e',
    '.%2e',
    '..%2f..',
    '..%5c..',
    '%252e%252e',
    '(_)..',
    '..(_)',
    '..(_)..',
    '%2e%2e(_)',
    '.',
    '%c0%ae%c0%ae',
  ];
  const options = [
    '--upload-pack=touch',
    '-x',
    '%2d%2doutput=x',
    '@%7b-1%7d',
    '@%7bu%7d',
    'main%5e',
    'main~1',
    'main:order.yml',
    ':%2forder.yml',
  ];
  const names = [
    'HEAD',
    'FETCH_HEAD',
    'refs(_)heads(_)main',
    'config',
    'objects',
    '.git',
    'repo.git',
    'gitconfig',
    'credentials',
    'packed-refs',
  ];
  const odd = [
    '%00',
    'a%00',
    '%0a',
    '%0d%0a',
    '%ff',
    '%',
    '%2',
    '%u002e',
    'a%2fb',
    'a%5cb',
    '%7bapplication%7d',
    '$%7bx%7d',
    '*',
    '?',
    '%23',
    '%20',
  ];
  const steps = [...dots, ...options, ...names, ...odd];
  const paths = steps.flatMap((step) => [
    `/${step}/dev`,
    `/order/${step}`,
    `/order/dev/${step}`,
    `/${step}/order-dev.yml`,
    `/order/dev/${step}/conf/nginx.conf`,
    `/order/dev/main/${step}/order.yml`,
    `/order/dev/main/conf/${step}`,
    `/order/dev/main/${step}/${step}/etc/passwd`,
    `/order/dev/${step}?useDefaultLabel`,
    `/${step}/${step}/${step}`,
    `/${step},order/dev`,
    `/order/dev,${step}/main`,
  ]);
  assert.ok(paths.length >= 500, String(paths.length));
  const answers = await Promise.all(paths.map(async (path) => ({ path, ...(await ask(running.url, path)) })));
  for (const { path, status, text } of answers) {
    assert.ok([200, 400, 404].includes(status), `${path} → ${status} ${text}`);
    assert.doesNotMatch(text, /canary|root:|\[core\]|ref: refs|hooksPath/, path);
  }
  assert.equal((await ask(running.url, '/order/dev/main/conf/nginx.conf')).text, 'listen 80;\n');
  assert.deepEqual(await backend.problems(), []);
  agent.destroy();
});
