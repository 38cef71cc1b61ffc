import type { ManagementEndpoint } from '@dure/core';
import type { TimerStore } from '@dure/messaging/timers';

const mostListed = 200;

/** `/actuator/timers`: the messages of a service that are put off, the earliest first. */
export function timersEndpoint(store: TimerStore): ManagementEndpoint {
  return {
    id: 'timers',
    handle: async ({ method }) =>
      method === 'GET'
        ? { status: 200, body: { timers: await store.waiting(mostListed) } }
        : { status: 405, allow: 'GET' },
  };
}
