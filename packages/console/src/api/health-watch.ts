import type { Instance } from '@dure/balancer';
import type { Clock } from '@dure/core';
import type { HealthPart, HealthStatus } from '../contract.ts';
import { asObject, asText } from '../ingest/json.ts';
import type { AskInstance } from './ask-instance.ts';

/** An instance's health as last asked. */
export interface InstanceHealth {
  readonly status: HealthStatus;
  readonly parts: readonly HealthPart[];
  /** Epoch milliseconds. */
  readonly checkedAt: number;
}

/** Asks instances for their health when somebody wants to know, and not more often than every two seconds. */
export interface HealthWatch {
  /** The health of each, by instance id; takes at most a second. */
  ask(instances: readonly Instance[]): Promise<ReadonlyMap<string, InstanceHealth>>;
}

const freshMs = 2_000;
const timeoutMs = 1_000;
const statuses: readonly HealthStatus[] = ['UP', 'DOWN', 'OUT_OF_SERVICE', 'UNKNOWN'];

/** A watch that sets no timer of its own: what nobody asks for is not fetched. */
export function healthWatch(clock: Clock, ask: AskInstance): HealthWatch {
  const known = new Map<string, Promise<InstanceHealth>>();
  const askedAt = new Map<string, number>();
  const check = async (instance: Instance): Promise<InstanceHealth> => {
    const checkedAt = clock.now();
    if (instance.managementPort === undefined) return { status: 'UNKNOWN', parts: [], checkedAt };
    try {
      return { ...readHealth(await ask(instance, 'health', timeoutMs)), checkedAt };
    } catch {
      return { status: 'OFFLINE', parts: [], checkedAt };
    }
  };
  return {
    async ask(instances) {
      const now = clock.now();
      const wanted = new Set(instances.map(({ id }) => id));
      for (const id of [...known.keys()]) {
        if (wanted.has(id)) continue;
        known.delete(id);
        askedAt.delete(id);
      }
      for (const instance of instances) {
        if (now - (askedAt.get(instance.id) ?? Number.NEGATIVE_INFINITY) < freshMs) continue;
        askedAt.set(instance.id, now);
        known.set(instance.id, check(instance));
      }
      const entries = await Promise.all([...known].map(async ([id, health]) => [id, await health] as const));
      return new Map(entries);
    },
  };
}

function readHealth(answer: unknown): Pick<InstanceHealth, 'status' | 'parts'> {
  const health = asObject(answer);
  const status = statuses.find((one) => one === health?.status) ?? 'UNKNOWN';
  const parts = Object.entries(asObject(health?.components) ?? {}).map(([name, value]): HealthPart => {
    const part = asObject(value);
    const details = asObject(part?.details);
    const partStatus = statuses.find((one) => one === asText(part?.status)) ?? 'UNKNOWN';
    return { name, status: partStatus, ...(details === undefined ? {} : { details: { ...details } }) };
  });
  return { status, parts };
}
