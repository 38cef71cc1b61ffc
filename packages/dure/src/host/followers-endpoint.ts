import type { ManagementEndpoint, ManagementRequest, ManagementResponse } from '@dure/core';
import type { MessageLog } from '@dure/messaging';
import type { FollowerState, FollowerStore, FollowerView } from '@dure/messaging/followers';

/**
 * `/actuator/followers`: `GET` shows where each follower of the service's log stands, over all processes, and what this
 * process does for it; `POST /<name>` with `{ "do": "pause", "why": "…" }` or `{ "do": "resume" }` steers it in all of them.
 */
export function followersEndpoint<Tx>(
  store: FollowerStore<Tx>,
  log: MessageLog,
  here: () => readonly FollowerState[],
): ManagementEndpoint {
  return {
    id: 'followers',
    async handle(request): Promise<ManagementResponse> {
      const [name] = request.path;
      const views = await store.view(name);
      if (name !== undefined && views.length === 0)
        return { status: 404, detail: `there is no follower "${name.slice(0, 100)}"` };
      if (request.method === 'POST' && name !== undefined) return steer(store, name, request);
      if (request.method !== 'GET') return { status: 405, allow: name === undefined ? 'GET' : 'GET, POST' };
      const end = await log.advance();
      return { status: 200, body: { followers: views.map((view) => shown(view, end, here())) } };
    },
  };
}

function shown(view: FollowerView, end: number, here: readonly FollowerState[]) {
  const slowest = Math.min(...view.lanes.map(({ position }) => position));
  return { ...view, lag: Math.max(end - slowest, 0), here: here.find(({ name }) => name === view.name) };
}

async function steer<Tx>(
  store: FollowerStore<Tx>,
  name: string,
  { body }: ManagementRequest,
): Promise<ManagementResponse> {
  const { do: what, why } = (body ?? {}) as { readonly do?: unknown; readonly why?: unknown };
  if (what === 'resume') await store.pause(name, undefined);
  else if (what === 'pause' && typeof why === 'string' && why !== '') await store.pause(name, why);
  else return { status: 400, detail: 'say { "do": "pause", "why": "…" } or { "do": "resume" }' };
  return { status: 204 };
}
