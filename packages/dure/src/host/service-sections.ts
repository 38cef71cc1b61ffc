import type { ConfigSections, ConfigWatch } from '@dure/config/client';
import { limitsSchema } from '@dure/resilience';
import type { ServiceDefinition } from '@dure/service/server';

/** The sections of a service's configuration: its own, and the limits of its calls. It may lack either. */
export interface ServiceSections extends ConfigSections {
  readonly own?: { readonly schema: NonNullable<ServiceDefinition['config']> };
  readonly limits?: { readonly schema: typeof limitsSchema; readonly at: string };
}

/** A service's configuration as it is read again and again. */
export type ServiceWatch = ConfigWatch<ServiceSections>;

const limitsAt = 'dure.resilience';

/** Limits are for those that call others. */
export function sectionsOf({ config, uses }: ServiceDefinition): ServiceSections {
  return {
    ...(config === undefined ? {} : { own: { schema: config } }),
    ...(Object.keys(uses).length === 0 ? {} : { limits: { schema: limitsSchema, at: limitsAt } }),
  };
}

/** The name of a limit, `retry.attempts`; undefined when a key is none. */
export function limitName(key: string): string | undefined {
  return key.startsWith(`${limitsAt}.`) ? key.slice(limitsAt.length + 1) : undefined;
}
