import type { Bus } from '@dure/config/bus';
import type { ManagementEndpoint, ManagementRequest, ManagementResponse } from '@dure/core';
import { envChangeForm, readEnvChange } from './env-endpoint.ts';

const done: ManagementResponse = { status: 204 };

/**
 * Spring Cloud Bus' `POST /actuator/busrefresh[/{destination}]` and `POST /actuator/busenv[/{destination}]` with
 * `{ "name", "value" }`, by today's names and by those from before Spring Cloud Bus 3.
 */
export function busEndpoints(bus: Bus): readonly ManagementEndpoint[] {
  const refresh = async ({ path }: ManagementRequest) => {
    await bus.refresh(destinationOf(path));
    return done;
  };
  const setEnvironment = async ({ path, body }: ManagementRequest) => {
    const change = readEnvChange(body);
    if (change === undefined) return { status: 400, detail: envChangeForm };
    await bus.setEnvironment(change.name, change.value, destinationOf(path));
    return done;
  };
  const posted = (id: string, handle: ManagementEndpoint['handle']): ManagementEndpoint => ({
    id,
    handle: (request) => (request.method === 'POST' ? handle(request) : { status: 405, allow: 'POST' }),
  });
  return [
    posted('busrefresh', refresh),
    posted('bus-refresh', refresh),
    posted('busenv', setEnvironment),
    posted('bus-env', setEnvironment),
  ];
}

/** `/orders/8081` and `/orders:8081` mean the same. */
function destinationOf(path: readonly string[]): string | undefined {
  return path.length === 0 ? undefined : path.join(':');
}
