import type { ManagementEndpoint, ManagementResponse } from '@dure/core';
import type { Projector } from '@dure/postgres';
import type { Logger } from '@dure/telemetry';

/**
 * `/actuator/projections`: `GET` lists the tables of every projection; `POST /<name>` with `{ "by": "…", "why": "…" }` builds
 * one anew and answers when it is shown, and with `"back": true` shows the table before the present one again.
 */
export function projectionsEndpoint(projector: Projector, log: Logger): ManagementEndpoint {
  return {
    id: 'projections',
    async handle({ method, path: [name], body }): Promise<ManagementResponse> {
      if (method === 'GET' && name === undefined) {
        return { status: 200, body: { projections: await projector.tables() } };
      }
      if (method !== 'POST' || name === undefined) return { status: 405, allow: name === undefined ? 'GET' : 'POST' };
      const { by, why, back = false } = (body ?? {}) as Readonly<Record<string, unknown>>;
      if (typeof by !== 'string' || typeof why !== 'string' || by === '' || why === '') {
        return { status: 400, detail: 'say who asks and why: { "by": "…", "why": "…" }' };
      }
      await (back === true ? projector.rollBack(name) : projector.rebuild(name));
      log.info(back === true ? 'a projection was rolled back' : 'a projection was rebuilt', { name, by, why });
      return { status: 200, body: { projections: (await projector.tables()).filter((table) => table.name === name) } };
    },
  };
}
