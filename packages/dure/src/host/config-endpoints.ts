import type { ManagementEndpoint } from '@dure/core';
import { isDureError, messageOf } from '@dure/core';
import { serviceErrors } from '@dure/service/server';
import type { ServiceWatch } from './service-sections.ts';
import { limitName } from './service-sections.ts';

const jsonType = 'application/vnd.spring-boot.actuator.v3+json';

/**
 * `/actuator/config`: the layers in the order in which they were applied, and each key in force with its origin; secrets
 * masked. Limits are those of now, the service's own keys those of its start. `refused` is there while the latest reading
 * does not fit.
 */
export function configEndpoint(watch: ServiceWatch): ManagementEndpoint {
  const started = watch.current;
  return {
    id: 'config',
    handle() {
      const { current, refusal } = watch;
      const own = started.explain().filter(({ key }) => limitName(key) === undefined);
      const limits = current.explain().filter(({ key }) => limitName(key) !== undefined);
      const refused = refusal === undefined ? {} : { refused: reasonOf(refusal) };
      const { layers, warnings } = current;
      return { status: 200, body: { layers, keys: [...own, ...limits], warnings, ...refused } };
    },
  };
}

function reasonOf(error: unknown) {
  return { code: isDureError(error) ? error.code : undefined, message: messageOf(error) };
}

/**
 * `POST /actuator/refresh`, as in Spring Cloud: reads now, and answers the keys that changed. A change that does not fit
 * is a problem with the reason.
 */
export function refreshEndpoint(watch?: ServiceWatch): ManagementEndpoint {
  return {
    id: 'refresh',
    async handle({ method }) {
      if (method !== 'POST')
        throw serviceErrors.METHOD_NOT_ALLOWED('a refresh is a POST', { details: { allow: 'POST' } });
      return { status: 200, contentType: jsonType, body: (await watch?.refresh()) ?? [] };
    },
  };
}
