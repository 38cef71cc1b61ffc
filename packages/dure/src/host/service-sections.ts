import type { ConfigSection, ConfigWatch } from '@dure/config/client';
import type { Section } from '@dure/core';
import { limitsSchema } from '@dure/resilience';
import type { ServiceDefinition } from '@dure/service/server';
import { sectionsOf } from '@dure/service/server';
import { sagasSection } from './saga-retention.ts';

/** The sections of a service's configuration: its own, the limits of its calls, and by where they lie all others. */
export type ServiceSections = Readonly<Record<string, ConfigSection>>;

/** A service's configuration as it is read again and again. */
export type ServiceWatch = ConfigWatch<ServiceSections>;

/** The name of the section of a service's own keys. */
export const ownSection = 'own';
/** Where the limits of its calls lie, and what their section is called. */
export const limitsAt = 'dure.resilience';

/** Limits are for those that call others. */
export function configSections(definition: ServiceDefinition): ServiceSections {
  const { config, uses } = definition;
  return {
    ...(config === undefined ? {} : { [ownSection]: { schema: config } }),
    ...(Object.keys(uses).length === 0 ? {} : { [limitsAt]: { schema: limitsSchema, at: limitsAt } }),
    ...Object.fromEntries(hostedSections(definition).map((section) => [section.at, section])),
  };
}

/** The sections beside its own keys and its limits: those of any service, and those that the host heeds for it. */
export function hostedSections(definition: ServiceDefinition): readonly Section[] {
  const { sagas } = definition;
  return [...sectionsOf(definition), ...(sagas.length === 0 ? [] : [sagasSection(sagas)])];
}

/** Whether a service cannot begin before its configuration has been read: others do with defaults meanwhile. */
export function isDemanding({ config, uses, flags, sections, sagas }: ServiceDefinition): boolean {
  return config !== undefined || Object.keys(uses).length + flags.length + sections.length + sagas.length > 0;
}

/** Whether a key is the service's own: all others lie at sections. */
export function isOwnKey(key: string, { current }: ServiceWatch): boolean {
  const names = Object.keys(current.values);
  if (!names.includes(ownSection)) return false;
  return !names.some((at) => at !== ownSection && (key.startsWith(`${at}.`) || key.startsWith(`${at}[`)));
}

/** The name of a limit, `retry.attempts`; undefined when a key is none. */
export function limitName(key: string): string | undefined {
  return key.startsWith(`${limitsAt}.`) ? key.slice(limitsAt.length + 1) : undefined;
}
