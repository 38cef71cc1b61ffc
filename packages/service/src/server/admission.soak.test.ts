import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import { bulkhead, policyRegistry } from '@dure/resilience';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { z } from 'zod';
import { contract, get } from '../contract/index.ts';
import { serviceParts } from '../testing/service-parts.ts';
import type { AdmissionLimits } from './admission-section.ts';
import { service } from './service.ts';
import type { ServiceParts } from './start-service.ts';
import { startService } from './start-service.ts';

const clock = systemClock;
const workers = 5;
const workMs = 50;
/** Calls a second that the service can carry out. */
const capacity = (workers * 1_000) / workMs;
/** How long a caller waits before it leaves. */
const patienceMs = 2_000;

const reports = contract('reports', {
  make: get('/report', { output: z.object({ pages: z.int() }), access: 'public' }),
  makeAll: get('/reports', { output: z.object({ pages: z.int() }), access: 'public', cost: 8 }),
  follow: get('/changes', { output: z.object({ pages: z.int() }), access: 'public', stream: true }),
});

/** Five workers and a line without bound before them, which works off what nobody waits for as well. */
function pool() {
  let busy = 0;
  const line: (() => void)[] = [];
  return {
    async run() {
      if (busy >= workers) await new Promise<void>((resolve) => line.push(resolve));
      else busy += 1;
      await wait(clock, workMs);
      const next = line.shift();
      if (next === undefined) busy -= 1;
      else next();
      return { pages: 3 };
    },
    end: () => void line.splice(0),
  };
}

test('at ten times its capacity a service does what it can, refuses the rest at once, and takes all again afterwards', async (context) => {
  await using world = await startReports();
  const load = startLoad(world.url);
  await load.run(capacity * 0.6, 3);
  const ready = watchReadiness(world.management);
  const overload = await load.run(capacity * 10, 8);
  const after = await load.run(capacity * 0.7, 3);
  const { asked, slowestMs, others } = await ready.end();
  const refusals = overload.answers.filter(({ status }) => status === 503);
  const refusedMs = median(refusals.map(({ ms }) => ms));
  told(context, 'with the limit', overload, after);
  context.diagnostic(`refused in ${refusedMs.toFixed(1)} ms; readiness asked ${asked} times, at most ${slowestMs} ms`);
  assert.ok(goodput(overload) >= 0.8 * capacity, `goodput ${goodput(overload)} of ${capacity}/s`);
  assert.ok(refusals.length > overload.answers.length / 2);
  assert.ok(refusals.every(({ code, retryAfter }) => code === 'RESILIENCE_OVERLOADED' && Number(retryAfter) >= 1));
  assert.ok(refusedMs < 20, `refused in ${refusedMs} ms`);
  assert.deepEqual(others, []);
  assert.ok(asked > 20);
  assert.deepEqual(
    after.answers.filter(({ status }) => status !== 200),
    [],
  );
});

test('the same service without a limit answers hardly anybody in time, and not for a good while after: the exam can be failed', async (context) => {
  await using world = await startReports('off');
  const load = startLoad(world.url);
  await load.run(capacity * 0.6, 1);
  const overload = await load.run(capacity * 10, 6);
  const after = await load.run(capacity * 0.7, 3);
  told(context, 'without', overload, after);
  assert.ok(goodput(overload) < 0.5 * capacity);
  assert.ok(goodput(after) < 0.5 * capacity);
});

test('an operation takes as many places as it costs, a stream none while it flows, and the management port shows it', async () => {
  const policies = policyRegistry({ clock });
  policies.add(bulkhead({ clock, name: 'payment' })); // of a client, as the host has it
  await using world = await startReports(
    { least: 4, initial: 10, most: 10 },
    { policies, telemetry: memoryTelemetry() },
  );
  const leaving = new AbortController();
  const follow = () => fetch(`${world.url}/changes`, { signal: leaving.signal });
  const streams = await Promise.all(Array.from({ length: 5 }, follow));
  streams.push(...(await Promise.all(Array.from({ length: 10 }, follow))));
  assert.deepEqual([...new Set(streams.map(({ status }) => status))], [200]);
  const agent = new Agent();
  const paths = ['/reports', '/report', '/report', '/report', '/reports'];
  const answers = await Promise.all(paths.map((path) => ask(`${world.url}${path}`, agent)));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 503, 503],
  );
  const read = async (path: string) =>
    (await fetch(`${world.management}/actuator/${path}`, { headers: { authorization: 'Bearer console' } })).text();
  assert.deepEqual(JSON.parse(await read('bulkheads')), { bulkheads: ['payment', 'api'] });
  const { bulkheadEvents } = JSON.parse(await read('bulkheadevents/api')) as { bulkheadEvents: { type: string }[] };
  assert.deepEqual(
    bulkheadEvents.map(({ type }) => type),
    ['CALL_REJECTED', 'CALL_REJECTED'],
  );
  const metrics = await read('prometheus');
  assert.match(metrics, /^dure_admission_limit\S* 10$/m);
  assert.match(metrics, /^dure_admission_running\S* 0$/m);
  assert.match(metrics, /^dure_admission_refused\S* 2$/m);
  leaving.abort();
});

async function startReports(admission?: AdmissionLimits | 'off', more: Partial<ServiceParts> = {}) {
  const work = pool();
  const definition = service({
    contract: reports,
    ...(admission === undefined ? {} : { admission }),
    start: () => ({
      make: work.run,
      makeAll: work.run,
      follow: async (_input, { signal }) => endless(signal),
    }),
  });
  const running = await startService(definition, serviceParts({ instanceId: 'reports:1', graceMs: 0, ...more }));
  await running.register();
  return {
    url: `http://127.0.0.1:${running.port}`,
    management: `http://127.0.0.1:${running.managementPort}`,
    async [Symbol.asyncDispose]() {
      work.end();
      await running.close({ drainMs: 0, graceMs: 0 });
    },
  };
}

async function* endless(signal: AbortSignal) {
  yield { pages: 1 };
  await wait(clock, 60_000, signal);
}

interface Answer {
  /** 0: the caller left before there was one. */
  readonly status: number;
  readonly ms: number;
  readonly code: string | undefined;
  readonly retryAfter: string | undefined;
}

interface Phase {
  readonly seconds: number;
  readonly answers: readonly Answer[];
}

/** Calls at a steady rate, however many are not answered yet. */
function startLoad(url: string) {
  const agent = new Agent({ keepAlive: true });
  return {
    async run(perSecond: number, seconds: number): Promise<Phase> {
      const startedMs = clock.monotonicMs();
      const calls: Promise<Answer>[] = [];
      while (calls.length < perSecond * seconds) {
        const due = ((clock.monotonicMs() - startedMs) * perSecond) / 1_000;
        while (calls.length < due) calls.push(ask(`${url}/report`, agent));
        await wait(clock, 5);
      }
      return { seconds, answers: await Promise.all(calls) };
    },
  };
}

function ask(url: string, agent: Agent): Promise<Answer> {
  const startedMs = clock.monotonicMs();
  const ms = () => clock.monotonicMs() - startedMs;
  return new Promise((resolve) => {
    const left = { status: 0, code: undefined, retryAfter: undefined };
    const asking = request(url, { agent }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => {
        const { code } = JSON.parse(text) as { readonly code?: string };
        resolve({ status: response.statusCode ?? 0, ms: ms(), code, retryAfter: response.headers['retry-after'] });
      });
    });
    const timer = clock.after(patienceMs, () => asking.destroy());
    asking.on('close', () => timer.cancel());
    asking.on('error', () => resolve({ ...left, ms: ms() }));
    asking.end();
  });
}

function watchReadiness(management: string) {
  let isOver = false;
  const others: number[] = [];
  let asked = 0;
  let slowestMs = 0;
  const watching = (async () => {
    while (!isOver) {
      const startedMs = clock.monotonicMs();
      const { status } = await fetch(`${management}/actuator/health/readiness`);
      slowestMs = Math.max(slowestMs, Math.round(clock.monotonicMs() - startedMs));
      asked += 1;
      if (status !== 200) others.push(status);
      await wait(clock, 100);
    }
  })();
  return {
    async end() {
      isOver = true;
      await watching;
      return { asked, slowestMs, others };
    },
  };
}

/** Answers a second that somebody still waited for. */
function goodput({ answers, seconds }: Phase): number {
  return answers.filter(({ status }) => status === 200).length / seconds;
}

function told(context: TestContext, what: string, overload: Phase, after: Phase): void {
  const offered = overload.answers.length / overload.seconds;
  context.diagnostic(
    `${what}: of ${offered}/s ${goodput(overload).toFixed(0)}/s are answered; afterwards ${goodput(after).toFixed(0)} of ${after.answers.length / after.seconds}/s; capacity ${capacity}/s`,
  );
  const counts = Map.groupBy(overload.answers, ({ status }) => status);
  context.diagnostic(
    [...counts]
      .map(([status, all]) => `${status}: ${all.length}, median ${median(all.map(({ ms }) => ms)).toFixed(1)} ms`)
      .join('; '),
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
