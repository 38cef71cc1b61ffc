import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import type { ProxyLimits } from '../engine/limits.ts';
import { endlessUpstream } from './endless-upstream.ts';
import { openGateway } from './open-gateway.ts';
import { localInstance } from './open-proxy.ts';
import { ownTimeMs } from './own-time.ts';
import type { SlowCounts } from './slow-clients.ts';
import { things } from './test-contract.ts';
import { within } from './until.ts';

export interface SlowAttack {
  readonly connections: number;
  readonly requests: number;
  readonly limits: Partial<ProxyLimits>;
  /** By when every slow connection must be gone. */
  readonly goneWithinMs: number;
}

/**
 * Lets one address attack while another one asks, each from a process of its own; every request of the other must be answered. How long
 * it took until all slow ones were gone: the time for which the gateway's thread got no processor does not count.
 */
export async function slowAttack({ connections, requests, limits, goneWithinMs }: SlowAttack): Promise<number> {
  await using upstream = await endlessUpstream();
  await using gateway = await openGateway({ exposes: [things], limits });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  await using leaving = new AsyncDisposableStack();
  const clients = (act: string, count: number): ChildProcess => {
    const child = fork(clientsModule, [act, String(gateway.port), String(count)]);
    leaving.defer(() => void child.kill('SIGKILL'));
    return child;
  };
  const attack = clients('attack', connections);
  let open: SlowCounts = ((await once(attack, 'message')) as [Attacking])[0].open;
  assert.ok(open.silent > 0, 'the attack has begun');
  attack.on('message', (message: Attacking) => {
    open = message.open;
  });
  const from = ownTimeMs();
  const inFlight = () => /^dure_gateway_in_flight\S* (\d+)/m.exec(gateway.telemetry.metrics.prometheus())?.[1];
  const isGone = () => Object.values(open).every((count) => count === 0) && inFlight() === '0';
  const [[{ failures }], areGone] = await Promise.all([
    once(clients('ask', requests), 'message') as Promise<[Asked]>,
    within(goneWithinMs, isGone),
  ]);
  assert.deepEqual(failures, [], `${failures.length} of ${requests} requests failed`);
  assert.ok(areGone, `left are ${JSON.stringify(open)} connections and ${inFlight()} requests`);
  return ownTimeMs() - from;
}

interface Attacking {
  readonly open: SlowCounts;
}

interface Asked {
  readonly failures: readonly string[];
}

const clientsModule = join(import.meta.dirname, `slow-clients.main${extname(import.meta.filename)}`);
