import type { Instance } from '@dure/balancer';
import type { Schema } from '@dure/core';
import { check } from '@dure/core';
import type { ConfigChangesView, ServiceConfigView } from '../config-contract.ts';
import { ConfigChanges, ConfigReading } from '../config-contract.ts';
import { asObject, asText } from '../ingest/json.ts';
import type { AskInstance } from './ask-instance.ts';

/** What is asked about configuration. */
export interface ConfigView {
  /** What the config server gives out, tries out and holds, and which instance runs which version. */
  changes(): Promise<ConfigChangesView>;
  /** A service's keys as one of its instances has them, beside those it would have under other profiles. */
  of(service: string, against: string | undefined): Promise<ServiceConfigView>;
}

const withinMs = 2_000;
const configService = 'config';

/** Asks the instances themselves: they know their schemas, and mask what is secret. */
export function configView(instancesOf: (service: string) => readonly Instance[], ask: AskInstance): ConfigView {
  const first = async (service: string, path: string): Promise<Answered | undefined> => {
    for (const instance of instancesOf(service)) {
      const body = await ask(instance, path, withinMs).catch(() => undefined);
      if (body !== undefined) return { instance: instance.id, body };
    }
    return undefined;
  };
  return {
    async changes() {
      const [rollOut, instances] = await Promise.all([
        first(configService, 'rollout'),
        first(configService, 'rollout/instances'),
      ]);
      const none = { changes: [], targets: [], instances: [] };
      const together = { ...none, ...asObject(rollOut?.body), ...asObject(instances?.body) };
      return { isKnown: rollOut !== undefined, ...(read(ConfigChanges, together) ?? none) };
    },
    async of(service, against) {
      const [now, other] = await Promise.all([
        first(service, 'config'),
        against === undefined ? undefined : first(service, `config/${encodeURIComponent(against)}`),
      ]);
      const reading = now && read(ConfigReading, now.body);
      if (now === undefined || reading === undefined) return { service, keys: [], layers: [], warnings: [] };
      return {
        service,
        instance: now.instance,
        ...reading,
        ...(against === undefined ? {} : { against: { profiles: against, ...otherOf(other?.body) } }),
      };
    },
  };
}

interface Answered {
  readonly instance: string;
  readonly body: unknown;
}

function otherOf(body: unknown): Pick<NonNullable<ServiceConfigView['against']>, 'keys' | 'problem'> {
  const reading = read(ConfigReading, body);
  if (reading !== undefined) return { keys: reading.keys };
  return { keys: [], problem: asText(asObject(body)?.detail, 2_000) ?? '' };
}

function read<Out>(schema: Schema<unknown, Out>, body: unknown): Out | undefined {
  const checked = check(schema, body, 'body');
  return checked.ok ? checked.value : undefined;
}
