import assert from 'node:assert/strict';
import { systemClock } from '@dure/core';
import type { ProxyLimits } from '../engine/limits.ts';
import { openGateway } from './open-gateway.ts';
import { localInstance } from './open-proxy.ts';
import { endlessUpstream, healthyClient, slowClients } from './slow-clients.ts';
import { things } from './test-contract.ts';
import { within } from './until.ts';

export interface SlowAttack {
  readonly connections: number;
  readonly requests: number;
  readonly limits: Partial<ProxyLimits>;
  /** By when every slow connection must be gone. */
  readonly goneWithinMs: number;
}

/** Lets one address attack while another one asks; every request of that one must be answered. How long it took until all slow ones were gone. */
export async function slowAttack({ connections, requests, limits, goneWithinMs }: SlowAttack): Promise<number> {
  await using upstream = await endlessUpstream();
  await using gateway = await openGateway({ exposes: [things], limits });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const attack = await slowClients(gateway.port, connections);
  const from = systemClock.monotonicMs();
  const failures = await healthyClient(gateway.port, requests);
  assert.deepEqual(failures, []);
  const inFlight = () => /^dure_gateway_in_flight\S* (\d+)/m.exec(gateway.telemetry.metrics.prometheus())?.[1];
  const left = goneWithinMs - (systemClock.monotonicMs() - from);
  const areGone = await within(left, () => attack.open() === 0 && inFlight() === '0');
  assert.ok(areGone, `${attack.open()} connections and ${inFlight()} requests are left`);
  const tookMs = systemClock.monotonicMs() - from;
  attack.leave();
  return tookMs;
}
