import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

const root = join(import.meta.dirname, '..');

/** What every commit must pass, quickest first; run one after the other, because the machine may have two cores only. */
const steps: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: 'format and lint', command: ['biome', 'check', '--diagnostic-level=warn', '--error-on-warnings', '.'] },
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'architecture', command: ['node', 'tools/check-architecture.ts'] },
  { name: 'unused code', command: ['knip', '--no-progress', '--no-config-hints'] },
  { name: 'contracts of the shop', command: ['dure', 'check', 'shop'] },
  { name: 'unit tests', command: ['node', 'tools/run-tests.ts', 'unit'] },
];

let failed = 0;
for (const { name, command } of steps) {
  const startedMs = performance.now();
  const { code, output } = await execute(command);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  process.stdout.write(`${code === 0 ? '✔' : '✘'} ${name} (${seconds} s)\n`);
  if (code !== 0) {
    failed += 1;
    process.stdout.write(output);
  }
}
process.exitCode = failed > 0 ? 1 : 0;

function execute([file = '', ...args]: readonly string[]): Promise<{
  readonly code: number | null;
  readonly output: string;
}> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('close', (code) => resolve({ code, output }));
    child.on('error', (error) => resolve({ code: 1, output: `${error.message}\n` }));
  });
}
