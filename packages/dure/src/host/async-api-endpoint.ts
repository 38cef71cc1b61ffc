import type { ManagementEndpoint } from '@dure/core';
import type { ServiceDefinition } from '@dure/service/server';
import { asyncApi } from '../async-api/async-api.ts';
import type { ProcessKit } from './service-kit.ts';

/** `/actuator/asyncapi`: what the service sends and receives, beside its OpenAPI document. */
export function asyncApiEndpoint(
  definition: ServiceDefinition,
  { run, broker }: Pick<ProcessKit, 'run' | 'broker'>,
): ManagementEndpoint {
  return {
    id: 'asyncapi',
    handle: () => ({ status: 200, body: asyncApi(definition, { system: run.system, broker: broker?.kind }) }),
  };
}
