import type { ServiceDefinition } from '@dure/service/server';
import { dureErrors } from '../errors.ts';
import { heldScopes } from '../held-scopes.ts';
import { loadDefinition, loadService } from '../load-system.ts';
import type { CanaryRun, RunFile, ServiceRun } from '../run-file.ts';
import type { System } from '../system.ts';

/**
 * The definition of a version that is tried out. Its weight is 0: only callers that ask for its version reach it, as long
 * as the service has another instance. DURE_CANARY_SAME_VERSION.
 */
export async function canaryDefinition(
  name: string,
  { module, version: named, stable }: CanaryRun,
  system: System,
): Promise<ServiceDefinition> {
  const definition = module === undefined ? await loadDefinition(system, name) : await loadService(module, name);
  const { metadata } = definition;
  const version = named ?? metadata.version ?? '';
  if (version === stable) {
    throw dureErrors.CANARY_SAME_VERSION(
      `the canary of "${name}" is version ${version}, as the others are; nobody could ask for it`,
      { details: { service: name, version } },
    );
  }
  return { ...definition, metadata: { ...metadata, version, weight: '0' } };
}

/** What a service holds at others; what is tried out may use others than system.ts knows. */
export function withOwnScopes(service: ServiceRun, { uses }: ServiceDefinition, { peers }: RunFile): ServiceRun {
  if (service.canary === undefined) return service;
  return { ...service, scopes: heldScopes(Object.values(uses).filter(({ name }) => name in peers)) };
}
