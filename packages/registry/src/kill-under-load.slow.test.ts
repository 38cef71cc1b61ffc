import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { balancer } from '@dure/balancer';
import type { Layer } from '@dure/core';
import { ids, newTrace, randomItem, seededRandom, startCall, systemClock, systemRandom, wait } from '@dure/core';
import { httpClient, httpTransport, outboundLayers } from '@dure/service/client';
import { silentTelemetry } from '@dure/telemetry';
import type { RegistryClient } from './client/registry-client.ts';
import { registryClient } from './client/registry-client.ts';
import { startRegistry } from './testing/start-registry.ts';
import { stock } from './testing/stock-contract.ts';
import { until } from './testing/until.ts';

const seed = Number(process.env.SEED ?? 20261128);
const instances = 3;
const kills = Number(process.env.KILLS ?? 6);
const callers = 16;
/** After this no request may go to a dead instance. */
const ejectedWithinMs = 1_000;
const clock = systemClock;
const made = ids(clock, systemRandom);

// D3: `kill -9` under load, again and again: failures ≤ requests in flight, ejected within a second.
test(`of instances that are killed under load only what was in flight fails, and with retries nothing (seed ${seed})`, async (context) => {
  await using registry = await startRegistry();
  await using found = registryClient({
    url: registry.url,
    signer: registry.signer('order'),
    clock,
    random: systemRandom,
    telemetry: silentTelemetry(),
  });
  const alive = new Map<string, ChildProcess>();
  context.after(() => [...alive.values()].map((child) => child.kill('SIGKILL')));
  const start = async () => {
    const child = await startInstance(registry.url);
    const id = `stock:${child.pid}`;
    alive.set(id, child);
    await until(() => found.instances('stock').some((instance) => instance.id === id));
  };
  for (let number = 0; number < instances; number += 1) await start();
  const random = seededRandom(seed);
  await using bare = startLoad(found, { attempts: 1 }, seed + 1);
  await using repeating = startLoad(found, {}, seed + 2);
  const failed: string[] = [];
  const lastMs: number[] = [];
  for (let turn = 0; turn < kills; turn += 1) {
    await wait(clock, 200 + 300 * random.next());
    const [victim = '', child] = randomItem(random, [...alive]) ?? [];
    const before = bare.failures.length;
    const killedAt = clock.monotonicMs();
    assert.ok(child);
    assert.ok(child.kill('SIGKILL'));
    await once(child, 'exit');
    alive.delete(victim);
    await wait(clock, ejectedWithinMs + 100);
    const lost = bare.failures.slice(before);
    const last = Math.max(bare.lastSent(victim), repeating.lastSent(victim)) - killedAt;
    lastMs.push(Math.max(Math.round(last), 0));
    failed.push(`${lost.length} (${lost[0]?.inFlight ?? 0})`);
    const what = `kill ${turn + 1} of ${victim} (seed ${seed})`;
    assert.ok(lost.length <= callers, `${what}: ${lost.length} failed, ${callers} were in flight`);
    assert.deepEqual(
      [...new Set(lost.map(({ instance }) => instance))].filter((id) => id !== victim),
      [],
      what,
    );
    assert.ok(last <= ejectedWithinMs, `${what}: a request went there ${last} ms later`);
    await start();
  }
  context.diagnostic(
    `failed without retries, and in flight at the instance when its end was learned of: ${failed.join(', ')} of ${bare.sent()}; with retries: ${repeating.errors.length} of ${repeating.sent()}`,
  );
  context.diagnostic(`the last request to the dead instance: ${lastMs.join(', ')} ms after the kill`);
  assert.equal(bare.errors.length, bare.failures.length, 'whatever failed was lost with an instance');
  assert.deepEqual(repeating.errors, [], `with retries (seed ${seed})`);
});

async function startInstance(url: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [`${import.meta.dirname}/testing/instance.main.ts`, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.ok(child.stdout);
  await once(child.stdout, 'data');
  return child;
}

/** An attempt that failed. */
interface Failure {
  readonly instance: string;
  /** Requests to that instance when the caller learned of this one's end, this one included. */
  readonly inFlight: number;
}

/** Callers with one request each, the next as soon as one has ended; no other layer than a service's own is in their way. */
function startLoad(found: RegistryClient, policy: { readonly attempts?: number }, from: number) {
  const inFlight = new Map<string, number>();
  const lastSent = new Map<string, number>();
  const failures: Failure[] = [];
  let sent = 0;
  let isOver = false;
  const errors: unknown[] = [];
  const counted: Layer<unknown, unknown> = (next) => async (input, call) => {
    const instance = call.attempt.target?.id ?? '';
    const count = (change: number) => inFlight.set(instance, (inFlight.get(instance) ?? 0) + change);
    count(1);
    lastSent.set(instance, clock.monotonicMs());
    try {
      return await next(input, call);
    } catch (error) {
      failures.push({ instance, inFlight: inFlight.get(instance) ?? 0 });
      throw error;
    } finally {
      count(-1);
    }
  };
  const random = seededRandom(from);
  const layers = outboundLayers({
    clock,
    random,
    telemetry: silentTelemetry(),
    balancer: balancer({ instances: found, clock, random }),
  });
  const transport = httpTransport({ clock, signer: { authorize: async () => '' } });
  const client = httpClient(stock.with({ getStock: { ...policy, aroundAttempt: [counted] } }), layers, transport);
  const loops = Array.from({ length: callers }, async () => {
    while (!isOver) {
      sent += 1;
      try {
        await client.getStock({}, startCall({ trace: newTrace(made), deadline: clock.now() + 5_000 }));
      } catch (error) {
        errors.push(error);
      }
    }
  });
  return {
    failures,
    errors,
    sent: () => sent,
    lastSent: (instance: string) => lastSent.get(instance) ?? 0,
    async [Symbol.asyncDispose]() {
      isOver = true;
      await Promise.all(loops);
      await transport.close();
    },
  };
}
