import assert from 'node:assert/strict';
import type { ProxyLimits } from '../engine/limits.ts';
import { openGateway } from './open-gateway.ts';
import { localInstance } from './open-proxy.ts';
import { ownTimeMs } from './own-time.ts';
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

/**
 * Lets one address attack while another one asks; every request of that one must be answered. How long it took until all slow
 * ones were gone: gateway, service and clients share a thread, so the time for which it got no processor does not count.
 */
export async function slowAttack({ connections, requests, limits, goneWithinMs }: SlowAttack): Promise<number> {
  await using upstream = await endlessUpstream();
  await using gateway = await openGateway({ exposes: [things], limits });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  await using attack = await slowClients(gateway.port, connections);
  const from = ownTimeMs();
  const inFlight = () => /^dure_gateway_in_flight\S* (\d+)/m.exec(gateway.telemetry.metrics.prometheus())?.[1];
  const [failures, areGone] = await Promise.all([
    healthyClient(gateway.port, requests),
    within(goneWithinMs, () => attack.open() === 0 && inFlight() === '0'),
  ]);
  assert.deepEqual(failures, []);
  assert.ok(areGone, `${attack.open()} connections and ${inFlight()} requests are left`);
  return ownTimeMs() - from;
}
