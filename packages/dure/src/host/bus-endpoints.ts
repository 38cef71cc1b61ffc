import type { Bus } from '@dure/config/bus';
import type { ManagementEndpoint, ManagementRequest, ManagementResponse } from '@dure/core';

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
    const { name, value } = (typeof body === 'object' && body !== null ? body : {}) as Readonly<
      Record<string, unknown>
    >;
    if (typeof name !== 'string' || name === '' || typeof value !== 'string')
      return { status: 400, detail: 'a change of the environment takes `name` and `value`, both texts' };
    await bus.setEnvironment(name, value, destinationOf(path));
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
