import type { Ids, ManagementEndpoint, ManagementRequest, ManagementResponse } from '@dure/core';
import { ownCall } from '@dure/core';
import type { SagaRunner, SagaState, SagaStore } from '@dure/saga';
import { sagaErrors, stateOf } from '@dure/saga';

const states: ReadonlySet<string> = new Set<SagaState>([
  'running',
  'compensating',
  'completed',
  'compensated',
  'needs-operator',
]);
const mostListed = 200;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * `/actuator/sagas`: `GET ?state=needs-operator&saga=…&key=…` lists instances, `GET /<id>` shows one with its history,
 * `POST /<id>` with `{ "by": "…", "why": "…" }` takes a stuck one up again.
 */
export function sagasEndpoint<Tx>(
  runner: SagaRunner<Tx>,
  store: SagaStore<Tx>,
  service: string,
  ids: Ids,
): ManagementEndpoint {
  return {
    id: 'sagas',
    async handle(request): Promise<ManagementResponse> {
      const [id] = request.path;
      if (id !== undefined && !uuid.test(id)) throw unknownSaga(id);
      if (request.method === 'POST' && id !== undefined) return resume(runner, id, request, service, ids);
      if (request.method !== 'GET') return { status: 405, allow: id === undefined ? 'GET' : 'GET, POST' };
      return id === undefined ? list(store, request) : one(store, id);
    },
  };
}

async function list<Tx>(store: SagaStore<Tx>, { query }: ManagementRequest): Promise<ManagementResponse> {
  const { state, saga, key } = query;
  if (state !== undefined && !states.has(state))
    return { status: 400, detail: `"${state.slice(0, 40)}" is no state; there are ${[...states].join(', ')}` };
  const found = await store.list({
    limit: mostListed,
    ...(state === undefined ? {} : { state: state as SagaState }),
    ...(saga === undefined ? {} : { saga }),
    ...(key === undefined ? {} : { key }),
  });
  return {
    status: 200,
    body: {
      sagas: found.map((instance) => ({
        id: instance.id,
        saga: instance.saga,
        key: instance.key,
        state: stateOf(instance),
        problem: instance.problem,
      })),
    },
  };
}

async function one<Tx>(store: SagaStore<Tx>, id: string): Promise<ManagementResponse> {
  const instance = await store.find(id);
  if (instance === undefined) throw unknownSaga(id);
  const { saga, version, key, startedAt, steps, problem } = instance;
  return {
    status: 200,
    body: {
      id,
      saga,
      version,
      key,
      state: stateOf(instance),
      startedAt,
      problem,
      steps,
      history: await store.history(id),
    },
  };
}

async function resume<Tx>(
  runner: SagaRunner<Tx>,
  id: string,
  { body }: ManagementRequest,
  service: string,
  ids: Ids,
): Promise<ManagementResponse> {
  const { by, why } = (body ?? {}) as { readonly by?: unknown; readonly why?: unknown };
  if (typeof by !== 'string' || typeof why !== 'string' || by === '' || why === '') {
    return { status: 400, detail: 'say who asks and why: { "by": "…", "why": "…" }' };
  }
  await runner.operate(id, { do: 'resume' }, { by, why }, ownCall(service, 'resumeSaga', ids));
  return { status: 204 };
}

function unknownSaga(id: string): Error {
  return sagaErrors.NOT_FOUND(`there is no saga with the id "${id.slice(0, 100)}"`);
}
