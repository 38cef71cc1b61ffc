#!/usr/bin/env node
// Finds Node.js 24 and runs the command on it. Plain JavaScript that older versions of Node.js understand.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const wanted = 24;
const platformMissing = 12;
const source = join(dirname(fileURLToPath(import.meta.url)), '..', 'src');
const main = join(source, 'cli', 'main.ts');
const preload = join(source, 'libraries', 'preload.ts');
const current = Number(process.versions.node.split('.')[0]);

if (current >= wanted) {
  module.enableCompileCache?.(cacheFolder());
  await import('../src/libraries/preload.ts');
  await import('../src/cli/main.ts');
} else {
  const node = pinnedNode();
  if (node === undefined) complain();
  else run(node);
}

/** Beside the packages, where a clean installation removes it. */
function cacheFolder() {
  for (let folder = dirname(main); folder !== dirname(folder); folder = dirname(folder)) {
    const modules = join(folder, 'node_modules');
    if (existsSync(modules)) return join(modules, '.cache', 'dure');
  }
  return undefined;
}

/** The Node.js that came with the packages, if there is one for this platform. */
function pinnedNode() {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const file = join(dirname(manifest), 'bin', `node${suffix}`);
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Ctrl-C in a terminal reaches both processes; any other signal, and the end of this process, is passed on. */
function run(node) {
  const child = spawn(node, ['--import', preload, main, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    process.stderr.write(`dure: ${node} could not be started: ${error.message}\n`);
    process.exit(platformMissing);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function complain() {
  const here = `${process.platform}-${process.arch}, Node.js ${process.versions.node}`;
  const korean = /^ko/.test(process.env.LC_ALL || process.env.LANG || '');
  process.stderr.write(
    korean
      ? `dure: Node.js ${wanted} 이상이 필요합니다(현재 ${here}).\n` +
          '리눅스(x64, arm64, glibc)에서는 `npm ci`가 함께 설치합니다. `--omit=optional` 없이 다시 설치하십시오.\n' +
          `macOS 등 다른 플랫폼에서는 https://nodejs.org 에서 Node.js ${wanted}를 설치하십시오.\n`
      : `dure: Node.js ${wanted} or later is needed; this is ${here}.\n` +
          'On Linux (x64, arm64, glibc) `npm ci` brings it along: install again, without `--omit=optional`.\n' +
          `On macOS and other platforms install Node.js ${wanted} from https://nodejs.org.\n`,
  );
  process.exit(platformMissing);
}
