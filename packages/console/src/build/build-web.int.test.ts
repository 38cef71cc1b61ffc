import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { codeOf } from '@dure/core';
import { buildWebIfChanged } from './build-web.ts';

const base = mkdtempSync(join(tmpdir(), 'dure-build-'));
after(() => rmSync(base, { recursive: true, force: true }));

function pages(name: string, script = 'document.title = "one";') {
  const root = join(base, name);
  mkdirSync(join(root, 'app'), { recursive: true });
  writeFileSync(join(root, 'index.html'), '<!doctype html><script type="module" src="./app/main.ts"></script>');
  writeFileSync(join(root, 'app', 'main.ts'), script);
  return { root, outDir: join(root, 'dist'), name: 'the test pages' };
}

const scriptOf = (outDir: string) => {
  const [file = ''] = readdirSync(join(outDir, 'assets')).filter((name) => name.endsWith('.js'));
  return readFileSync(join(outDir, 'assets', file), 'utf8');
};

test('pages are built once, and again only when a source has changed', async () => {
  const build = pages('changing');
  assert.equal(await buildWebIfChanged(build), build.outDir);
  assert.match(scriptOf(build.outDir), /one/);
  const builtAt = statSync(join(build.outDir, 'index.html')).mtimeMs;
  await buildWebIfChanged(build);
  assert.equal(statSync(join(build.outDir, 'index.html')).mtimeMs, builtAt);
  writeFileSync(join(build.root, 'app', 'main.ts'), 'document.title = "two";');
  await buildWebIfChanged(build);
  assert.match(scriptOf(build.outDir), /two/);
});

test('a change in a folder that the pages import from is seen', async () => {
  const design = join(base, 'design');
  mkdirSync(design);
  writeFileSync(join(design, 'name.ts'), 'export const name = "red";');
  const build = {
    ...pages('importing', 'import { name } from "../../design/name.ts"; document.title = name;'),
    sources: [design],
  };
  await buildWebIfChanged(build);
  writeFileSync(join(design, 'name.ts'), 'export const name = "blue";');
  await buildWebIfChanged(build);
  assert.match(scriptOf(build.outDir), /blue/);
});

test('what an interrupted build left behind is cleared by a later one, unless it may still be at work', async () => {
  const build = pages('interrupted');
  for (const name of ['dist.old', 'dist.young']) mkdirSync(join(build.root, name));
  utimesSync(join(build.root, 'dist.old'), 1_000, 1_000);
  await buildWebIfChanged(build);
  assert.deepEqual(
    [existsSync(join(build.root, 'dist.old')), existsSync(join(build.root, 'dist.young'))],
    [false, true],
  );
});

test('several that build at once agree, and leave nothing behind', async () => {
  const build = pages('racing');
  await Promise.all([buildWebIfChanged(build), buildWebIfChanged(build), buildWebIfChanged(build)]);
  assert.match(scriptOf(build.outDir), /one/);
  assert.deepEqual(readdirSync(build.root).sort(), ['app', 'dist', 'index.html']);
});

test('a mistake in the sources is named, and the pages built before stay', async () => {
  const build = pages('broken');
  await buildWebIfChanged(build);
  writeFileSync(join(build.root, 'app', 'main.ts'), 'import "./nowhere.ts";');
  await assert.rejects(
    buildWebIfChanged(build),
    (error) => codeOf(error) === 'CONSOLE_WEB_BUILD_FAILED' && /the test pages.*nowhere\.ts/s.test(String(error)),
  );
  assert.match(scriptOf(build.outDir), /one/);
});

test('without sources the shipped pages are taken, and without either it is said', async () => {
  const root = join(base, 'shipped');
  const outDir = join(root, 'dist');
  await assert.rejects(
    buildWebIfChanged({ root, outDir, name: 'the pages' }),
    (error) => codeOf(error) === 'CONSOLE_WEB_MISSING' && String(error).includes(outDir),
  );
  mkdirSync(outDir, { recursive: true });
  writeFileSync(join(outDir, 'index.html'), '');
  assert.equal(await buildWebIfChanged({ root, outDir, name: 'the pages' }), outDir);
  assert.ok(existsSync(join(outDir, 'index.html')));
});
