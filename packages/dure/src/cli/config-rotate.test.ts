import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keyring, readKeyring } from '@dure/config/cipher';
import { systemClock, systemRandom } from '@dure/core';
import { dureCommand } from './dure-command.ts';
import type { Language } from './terminal.ts';

/** A system of nothing but a folder of configuration, and the command as it is called in it. */
async function inSystem(
  use: (at: { readonly folder: string; readonly path: string; readonly dure: typeof call }) => Promise<void>,
) {
  const folder = await mkdtemp(join(tmpdir(), 'dure-config-command-'));
  const library = new URL('../index.ts', import.meta.url).href;
  const source = `import { edge, system } from '${library}';
export const empty = system('empty', { services: {}, edge: edge({ expose: [] }), config: '.' });
`;
  await writeFile(join(folder, 'system.ts'), source);
  const dure: typeof call = (words, input, language) => call([...words, '--system', folder], input, language);
  try {
    await use({ folder, path: join(folder, '.dure', 'keyring.json'), dure });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function call(words: readonly string[], input = '', language: Language = 'en') {
  const said = { out: '', err: '' };
  const code = await dureCommand(['config', ...words], {
    terminal: {
      out(text) {
        said.out += text;
      },
      err(text) {
        said.err += text;
      },
      isInteractive: false,
      hasColour: false,
      columns: 100,
    },
    language,
    folder: tmpdir(),
    host: { module: '', path: '' },
    clock: systemClock,
    random: systemRandom,
    readInput: async () => input,
    interrupted: new AbortController().signal,
    insisted: new AbortController().signal,
  });
  return { code, ...said };
}

const ringAt = async (path: string) => keyring((await readKeyring(path)) ?? assert.fail('there is no keyring'));

test('a value is encrypted from standard input, by a keyring that is made for its owner only', () =>
  inSystem(async ({ path, dure }) => {
    const { code, out, err } = await dure(['encrypt'], 'hunter2 \n');
    assert.equal(code, 0);
    assert.match(out, /^\{cipher\}[0-9a-f]+\n$/);
    assert.match(err, /keyring\.json is a new keyring; keep a copy/);
    assert.doesNotMatch(out + err, /hunter2/);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await ringAt(path)).decrypt(out.trim()), 'hunter2 ');
    const again = await dure(['encrypt', '--json'], 'x');
    assert.equal(again.err, '');
    assert.match(JSON.parse(again.out).value, /^\{cipher\}/);
  }));

test('a value is decrypted for who says why, which is kept; the value is not', () =>
  inSystem(async ({ path, dure }) => {
    const { out } = await dure(['encrypt'], 'hunter2');
    const silent = await dure(['decrypt'], out);
    assert.deepEqual([silent.code, silent.out], [2, '']);
    assert.match(silent.err, /say why you do it/);
    const told = await dure(['decrypt', '--why', 'to compare', '--by', 'kim'], `'${out.trim()}'\n`);
    assert.deepEqual([told.code, told.out], [0, 'hunter2\n']);
    const record = join(path, '..', 'keyring.log');
    const { by, why, did } = JSON.parse(await readFile(record, 'utf8'));
    assert.deepEqual([by, why, did], ['kim', 'to compare', 'decrypt']);
    assert.doesNotMatch(await readFile(record, 'utf8'), /hunter2/);
    assert.equal((await stat(record)).mode & 0o777, 0o600);
    const wrong = await dure(['decrypt', '--why', 'x'], '{cipher}c0ffee');
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /CONFIG_CIPHER_UNREADABLE/);
    assert.doesNotMatch(wrong.err, /c0ffee/);
  }));

test('a rotation is shown, done, gone on with after it broke off, and ended by removing the old keys', () =>
  inSystem(async ({ folder, path, dure }) => {
    const { out } = await dure(['encrypt'], 'hunter2');
    const file = join(folder, 'order.yml');
    const written = `# keys\napi-key:  '${out.trim()}'   # of the bank\nlines: 5\n`;
    await writeFile(file, written);
    const before = await readFile(path, 'utf8');

    const dry = await dure(['rotate', '--dry-run']);
    assert.equal(dry.code, 0);
    assert.equal(dry.out, '1 value would be encrypted by a new key:\n  order.yml:2:11 api-key\n');
    assert.deepEqual([await readFile(file, 'utf8'), await readFile(path, 'utf8')], [written, before]);

    await writeFile(join(folder, 'broken.yml'), "a: ['{cipher}00'\n");
    const broken = await dure(['rotate']);
    assert.equal(broken.code, 3);
    assert.match(
      broken.out,
      /^1 value is encrypted by the key "2" now:\n {2}order\.yml:2:11 api-key\n1 values? stay as they are/,
    );
    assert.match(broken.out, /broken\.yml:\d+:\d+/);
    await rm(join(folder, 'broken.yml'));
    const ring = await ringAt(path);
    assert.deepEqual([ring.isRotating, ring.ids], [true, ['1', '2']]);
    assert.equal(ring.decrypt(out.trim()), 'hunter2', 'the old key still reads');
    const now = await readFile(file, 'utf8');
    assert.match(now, /^# keys\napi-key: {2}'\{cipher\}\{key:2\}[0-9a-f]+' {3}# of the bank\nlines: 5\n$/);
    assert.equal(ring.decrypt(/'(.*)'/.exec(now)?.[1] ?? ''), 'hunter2');

    await writeFile(file, now.replace(/'.*'/, `'${out.trim()}'`));
    const onward = await dure(['rotate']);
    assert.match(onward.err, /had broken off; it goes on/);
    assert.match(onward.out, /1 value is encrypted by the key "2" now/);
    assert.match(onward.out, /the old keys still decrypt: 1;/);
    assert.deepEqual((await ringAt(path)).isRotating, false);

    const retired = await dure(['rotate', '--retire', '--json']);
    assert.deepEqual(JSON.parse(retired.out), {
      changed: [],
      stuck: [],
      key: '2',
      isDry: false,
      oldKeys: ['1'],
      retired: ['1'],
    });
    const last = await ringAt(path);
    assert.deepEqual(last.ids, ['2']);
    assert.equal(last.decrypt(/'(.*)'/.exec(await readFile(file, 'utf8'))?.[1] ?? ''), 'hunter2');
    assert.match((await dure(['rotate', '--retire'])).out, /there are no old keys/);
  }));

test('a key that a value needs is not removed', () =>
  inSystem(async ({ folder, path, dure }) => {
    const { out } = await dure(['encrypt'], 'hunter2');
    await dure(['rotate']);
    const continued = `api-key: "${out.trim().replace('{', '\\x7b')}"\n`;
    await writeFile(join(folder, 'order.yml'), continued);
    const refused = await dure(['rotate', '--retire']);
    assert.equal(refused.code, 3);
    assert.match(refused.out, /order\.yml:1:10 api-key: it is written in a way/);
    assert.deepEqual((await ringAt(path)).ids, ['1', '2']);
  }));

test('it speaks Korean, and a mistake says what there is', () =>
  inSystem(async ({ path, dure }) => {
    const { err } = await dure(['encrypt'], 'x', 'ko');
    assert.match(err, /새 키링을 만들었습니다/);
    assert.match((await dure(['rotate'], '', 'ko')).out, /값 0개를 키 "2"/);
    for (const words of [[], ['encrpyt'], ['encrypt', 'hunter2']]) {
      const wrong = await dure(words);
      assert.equal(wrong.code, 2);
      assert.match(wrong.err, /`encrypt`, `decrypt` and `rotate \[folder\]`.*never from the command line/);
      assert.doesNotMatch(wrong.err, /hunter2/);
    }
    assert.match((await dure(['encrypt'], '\n')).err, /standard input holds no value/);
    await chmod(path, 0o644);
    const open = await dure(['encrypt'], 'x');
    assert.equal(open.code, 11);
    assert.match(open.err, /can be read by others.*CONFIG_KEYRING_INVALID/);
  }));

test('what lies in a repository is rotated in a checkout, which is named', () =>
  inSystem(async ({ folder, dure }) => {
    const { out } = await dure(['encrypt'], 'hunter2');
    await mkdir(join(folder, 'checkout'));
    await writeFile(join(folder, 'checkout', 'order.yml'), `a: '${out.trim()}'\n`);
    const done = await dure(['rotate', join(folder, 'checkout')]);
    assert.match(done.out, /^1 value is encrypted by the key "2" now:\n {2}order\.yml:1:4 a\n/);
    const missing = await dure(['rotate', join(folder, 'nowhere')]);
    assert.deepEqual([missing.code, /CONFIG_FOLDER_MISSING/.test(missing.err)], [3, true]);
  }));

test('without a keyring there is nothing to rotate or decrypt; another keyring may be named', () =>
  inSystem(async ({ folder, dure }) => {
    assert.match((await dure(['rotate'])).err, /there is no keyring .*CONFIG_KEYRING_INVALID/);
    const spring = join(folder, 'encrypt.key');
    await writeFile(spring, 's3cret-key\n', { mode: 0o600 });
    const encrypted = '0737ed7a8b2bfc9a142174cddddb514778de7d895c813701aa174e875aa0fbd6';
    const { out } = await call(['decrypt', '--why', 'x', '--keyring', spring], `{cipher}${encrypted}`);
    assert.equal(out, 'mysecret\n');
  }));
