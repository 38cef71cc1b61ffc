import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

const sink = new URL('./stdout-sink.ts', import.meta.url).href;

async function output(script: string): Promise<readonly string[]> {
  const code = `import { stdoutSink } from ${JSON.stringify(sink)}; const sink = stdoutSink();\n${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  return (await text(child.stdout)).trim().split('\n');
}

test('every line arrives, in order, when the process ends by itself', async () => {
  const lines = await output('for (let i = 0; i < 50000; i += 1) sink.write(String(i)); await sink.flush();');
  assert.equal(lines.length, 50_000);
  assert.ok(lines.every((line, index) => line === String(index)));
});

test('no line is lost when the process exits in the middle', async () => {
  const lines = await output(`
    for (let i = 0; i < 2000; i += 1) sink.write(String(i));
    setImmediate(() => { for (let i = 2000; i < 4000; i += 1) sink.write(String(i)); process.exit(0); });`);
  assert.equal(lines.length, 4_000);
  assert.ok(lines.every((line, index) => line === String(index)));
});

test('no line is lost when an error ends the process', async () => {
  const lines = await output(`
    process.on('uncaughtException', (error) => { sink.write(error.message); process.exit(1); });
    sink.write('before');
    queueMicrotask(() => { throw new TypeError('the reason'); });`);
  assert.deepEqual(lines, ['before', 'the reason']);
});

test('a reader that stalls does not stall the process', async () => {
  const code = `import { stdoutSink } from ${JSON.stringify(sink)}; import { writeSync } from 'node:fs'; const sink = stdoutSink();
    const line = 'x'.repeat(1000); const started = performance.now();
    for (let i = 0; i < 20000; i += 1) { sink.write(line); if (i % 500 === 0) await new Promise((r) => setImmediate(r)); }
    writeSync(2, String(Math.round(performance.now() - started)));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [said] = (await child.stderr.take(1).toArray()) as [Buffer];
  assert.ok(Number(said.toString()) < 2_000, 'it said so while nobody had read its output');
  const lines = (await text(child.stdout)).trim().split('\n');
  assert.match(lines.at(-1) ?? '', /lines were left out: the reader is too slow|^x{1000}$/);
});
