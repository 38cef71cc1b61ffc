import type { Ids, ManagementEndpoint, ManagementRequest, ManagementResponse } from '@dure/core';
import { ownCall } from '@dure/core';
import type { AnySaga, SagaRunner, SagaState, SagaStore } from '@dure/saga';
import { sagaErrors } from '@dure/saga';
import { readSagaAction } from './saga-action.ts';
import type { SagaView } from './saga-view.ts';
import { sagaView } from './saga-view.ts';

const states: ReadonlySet<string> = new Set<SagaState>([
  'running',
  'compensating',
  'completed',
  'compensated',
  'needs-operator',
  'paused',
]);
const mostListed = 200;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * `/actuator/sagas`: `GET ?state=needs-operator&saga=…&key=…` lists instances, `GET /open` counts the unfinished ones by
 * definition, `GET /<id>` shows one with its history and the steps to come, and `POST /<id>` does to it what
 * `{ "action": "retry", "by": "…", "why": "…" }` says. The values of sensitive fields are masked.
 */
export function sagasEndpoint<Tx>(
  runner: SagaRunner<Tx>,
  store: SagaStore<Tx>,
  definitions: readonly AnySaga[],
  service: string,
  ids: Ids,
): ManagementEndpoint {
  const view = sagaView(definitions);
  return {
    id: 'sagas',
    async handle(request): Promise<ManagementResponse> {
      const [id] = request.path;
      if (id === 'open' && request.method === 'GET') return { status: 200, body: { open: await store.open() } };
      if (id !== undefined && !uuid.test(id)) throw unknownSaga(id);
      if (request.method === 'POST' && id !== undefined) return operate(runner, id, request, service, ids);
      if (request.method !== 'GET') return { status: 405, allow: id === undefined ? 'GET' : 'GET, POST' };
      return id === undefined ? list(store, request, view) : one(store, id, view);
    },
  };
}

async function list<Tx>(
  store: SagaStore<Tx>,
  { query }: ManagementRequest,
  view: SagaView,
): Promise<ManagementResponse> {
  const { state, saga, key } = query;
  if (state !== undefined && !states.has(state))
    return { status: 400, detail: `"${state.slice(0, 40)}" is no state; there are ${[...states].join(', ')}` };
  const found = await store.list({
    limit: mostListed,
    ...(state === undefined ? {} : { state: state as SagaState }),
    ...(saga === undefined ? {} : { saga }),
    ...(key === undefined ? {} : { key }),
  });
  return { status: 200, body: { sagas: found.map(view.inShort) } };
}

async function one<Tx>(store: SagaStore<Tx>, id: string, view: SagaView): Promise<ManagementResponse> {
  const instance = await store.find(id);
  if (instance === undefined) throw unknownSaga(id);
  return { status: 200, body: view.whole(instance, await store.history(id)) };
}

async function operate<Tx>(
  runner: SagaRunner<Tx>,
  id: string,
  { body }: ManagementRequest,
  service: string,
  ids: Ids,
): Promise<ManagementResponse> {
  const asked = readSagaAction(body);
  if (typeof asked === 'string') return { status: 400, detail: asked };
  const { action, by, why } = asked;
  await runner.operate(id, action, { by, why }, ownCall(service, 'operateSaga', ids));
  return { status: 204 };
}

function unknownSaga(id: string): Error {
  return sagaErrors.NOT_FOUND(`the saga "${id.slice(0, 100)}" is unknown, or has ended and was forgotten`);
}
