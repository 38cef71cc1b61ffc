import type { ManagementEndpoint } from '@dure/core';
import { dureErrors } from '../errors.ts';

/**
 * `/actuator/deliveries` of a service whose state is a read model of SQLite: nothing can be done about its deliveries, and it says what to do
 * instead. `files`: where the read models of its processes are. DURE_READ_MODEL_STEERED.
 */
export function readModelDeliveries(service: string, files: string): ManagementEndpoint {
  return {
    id: 'deliveries',
    handle({ method, path }) {
      const [what] = path;
      if (path.length !== 1 || method !== 'POST' || (what !== 'sources' && what !== 'parked')) return { status: 404 };
      throw dureErrors.READ_MODEL_STEERED(
        `${service} keeps a read model in SQLite, which cannot be paused, set back or corrected; to have it made anew, delete ${files} and run \`dure restart ${service}\``,
        { details: { service, files } },
      );
    },
  };
}
