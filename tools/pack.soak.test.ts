import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

const root = join(import.meta.dirname, '..');
const contractSource = `import { contract, get } from '@dure/service/contract';
import { z } from 'zod';
export const hello = contract('hello', {
  greet: get('/hello/:name', { params: z.object({ name: z.string() }), output: z.object({ text: z.string() }), access: 'public' }),
});
`;
const serviceSource = `import { service } from '@dure/service/server';
import { hello } from './contract.ts';
export const helloService = service({ contract: hello, start: () => ({ greet: async ({ params }) => ({ text: \`Hello, \${params.name}\` }) }) });
`;
const systemSource = `import { edge, system } from '@dure/dure';
import { hello } from './hello/contract.ts';
export const greetings = system('greetings', {
  services: { hello: () => import('./hello/service.ts').then((module) => module.helloService) },
  edge: edge({ expose: [hello] }),
});
`;

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'dure-pack-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('packages that are packed and installed elsewhere run a system, and their types are understood', async () => {
  const staged = join(folder, 'staged');
  execFileSync(process.execPath, [join(root, 'tools/pack.ts'), staged], { cwd: root, stdio: 'pipe' });
  const project = join(folder, 'project');
  mkdirSync(join(project, 'hello'), { recursive: true });
  const names = readdirSync(staged);
  const tarballs = Object.fromEntries(
    names.map((name) => [`@dure/${name}`, `file:${join(folder, packed(join(staged, name)))}`]),
  );
  const tools = { typescript: '7.0.2', '@types/node': '^24.0.0', zod: '4.6.7' };
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ type: 'module', private: true, dependencies: { ...tarballs, ...tools } }),
  );
  writeFileSync(join(project, 'hello/contract.ts'), contractSource);
  writeFileSync(join(project, 'hello/service.ts'), serviceSource);
  writeFileSync(join(project, 'system.ts'), systemSource);
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: project, stdio: 'pipe' });
  const options = [
    '--strict',
    '--noEmit',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--lib',
    'es2024,esnext.disposable,dom',
    '--types',
    'node',
    '--allowImportingTsExtensions',
    '--skipLibCheck',
    'system.ts',
  ];
  execFileSync(process.execPath, [join(project, 'node_modules/typescript/bin/tsc'), ...options], {
    cwd: project,
    stdio: 'pipe',
  });
  assert.deepEqual(await greeted(project), { text: 'Hello, Dure' });
});

function packed(staged: string): string {
  return execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: staged,
    encoding: 'utf8',
  }).trim();
}

/** Starts the system by the installed command and asks its edge. */
async function greeted(project: string): Promise<unknown> {
  const launcher = join(project, 'node_modules/@dure/dure/bin/dure.js');
  const child = spawn(process.execPath, [launcher, 'up', '--json', '--port-base', '21580'], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const event = JSON.parse(line) as { readonly type: string; readonly urls?: { readonly gateway: string } };
      if (event.urls !== undefined) return await (await fetch(`${event.urls.gateway}/hello/Dure`)).json();
    }
    return 'the system did not start';
  } finally {
    child.kill('SIGINT');
    await once(child, 'exit');
  }
}
