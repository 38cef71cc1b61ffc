import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { systemClock } from '@dure/core';
import { bundleLibraries } from './bundle-libraries.ts';
import { libraryFolder, readLibraryCache } from './library-cache.ts';

/** Two libraries by names that are cached: one of several ECMAScript modules, one of CommonJS that asks where it is. */
const files = {
  'node_modules/.package-lock.json': '{}',
  'node_modules/jose/package.json': '{"name":"jose","type":"module","exports":"./index.js"}',
  'node_modules/jose/index.js': `export * from './deep.js'; export { place } from 'pg';`,
  'node_modules/jose/deep.js': `export const where = () => new Error().stack; export const own = import.meta.url; export default 7;
export const isUtf8 = (text) => { try { decodeURIComponent(text); return true } catch { return false } };`,
  'node_modules/pg/package.json': '{"name":"pg","main":"main.js"}',
  'node_modules/pg/main.js': `exports.place = __dirname; exports.seen = []; try { require('not-there') } catch { exports.optional = 'absent' }`,
  'node_modules/broken/package.json': '{"name":"broken","type":"module","exports":"./index.js"}',
  'node_modules/broken/index.js': 'export const works = globalThis.unlucky ? undefined : () => 1;',
  'app.mjs': `import { isUtf8, own, place, where } from 'jose';
import { createRequire } from 'node:module';
import pg, { optional, seen } from 'pg';
const required = createRequire(import.meta.url)('pg');
console.log(JSON.stringify({ isChecked: !isUtf8('%ff'), stack: where(), own, place, optional, isOne: pg.seen === seen, isItself: required.seen === seen }));`,
} as const;

async function project(context: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'dure-libraries-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await mkdir(join(folder, 'src'));
  for (const name of ['preload.ts', 'library-cache.ts'])
    await copyFile(join(import.meta.dirname, name), join(folder, 'src', name));
  const library = async (path: string) => {
    const { href: url } = pathToFileURL(join(folder, 'node_modules', path));
    return { url, namespace: (await import(url)) as object };
  };
  const cache = libraryFolder(folder) ?? '';
  return {
    folder,
    cache,
    library,
    bundle: async () =>
      bundleLibraries([await library('jose/index.js'), await library('pg/main.js')], {
        folder: cache,
        sources: 'v1',
        now: systemClock.now(),
      }),
    run: () =>
      JSON.parse(
        execFileSync(
          process.execPath,
          ['--import', `${pathToFileURL(join(folder, 'src/preload.ts')).href}?sources=v1`, 'app.mjs'],
          {
            cwd: folder,
            encoding: 'utf8',
          },
        ),
      ) as Readonly<Record<string, unknown>>,
  };
}

test('a process takes libraries from single files that know where they came from; CommonJS requires them as they are', async (context) => {
  const { run, bundle, folder } = await project(context);
  const before = run();
  assert.match(String(before.stack), /jose\/deep\.js/);
  assert.equal(await bundle(), true);
  const { stack, ...after } = run();
  assert.match(String(stack), /\.cache\/dure\/libraries\/made-\w+\/library-\w+\.js/);
  assert.deepEqual(after, {
    own: pathToFileURL(join(folder, 'node_modules/jose/deep.js')).href,
    place: join(folder, 'node_modules/pg'),
    optional: 'absent',
    isChecked: true,
    isOne: true,
    isItself: false,
  });
});

test('what was made from other packages, by another Node.js, or not to the end, is not used', async (context) => {
  const { run, bundle, cache, folder } = await project(context);
  await bundle();
  assert.notEqual(readLibraryCache(cache, 'v1'), undefined);
  await writeFile(join(folder, 'node_modules/.package-lock.json'), '{"changed":true}');
  assert.equal(readLibraryCache(cache, 'v1'), undefined);
  assert.match(String(run().stack), /jose\/deep\.js/);
  await bundle();
  const made = readLibraryCache(cache, 'v1');
  await writeFile(join(cache, 'libraries.json'), JSON.stringify({ ...made, node: 'v23.0.0' }));
  assert.equal(readLibraryCache(cache, 'v1'), undefined);
  await writeFile(join(cache, 'libraries.json'), JSON.stringify(made));
  assert.equal(readLibraryCache(cache, 'v2'), undefined, 'a file of our own was changed');
  assert.notEqual(readLibraryCache(cache, 'v1'), undefined);
  await writeFile(join(cache, 'libraries.json'), '{"node"');
  assert.match(String(run().stack), /jose\/deep\.js/);
});

test('a library that would not be the same in one file leaves the cache as it was', async (context) => {
  const { cache, library } = await project(context);
  const broken = await library('broken/index.js');
  Object.assign(globalThis, { unlucky: true });
  context.after(() => Reflect.deleteProperty(globalThis, 'unlucky'));
  await assert.rejects(
    bundleLibraries([broken], { folder: cache, sources: 'v1', now: systemClock.now() }),
    /"works" of .*broken\/index\.js is undefined/,
  );
  assert.deepEqual(await readdir(cache), []);
});

test('files that nothing names are removed after a day', async (context) => {
  const { cache, bundle, library } = await project(context);
  await bundle();
  await bundle();
  const made = async () => (await readdir(cache)).filter((name) => name.startsWith('made-')).length;
  assert.equal(await made(), 2);
  await bundleLibraries([await library('jose/index.js')], {
    folder: cache,
    sources: 'v1',
    now: systemClock.now() + 86_500_000,
  });
  assert.equal(await made(), 1);
});

test('packages that npm did not install are left alone', async (context) => {
  const { folder, bundle, cache } = await project(context);
  await rm(join(folder, 'node_modules/.package-lock.json'));
  assert.equal(await bundle(), false);
  assert.equal(readLibraryCache(cache, 'v1'), undefined);
});
