import type { Clock, ManagementEndpoint, ManagementRequest, ManagementResponse } from '@dure/core';
import type { ProjectionTable, Projector } from '@dure/postgres';
import type { Logger } from '@dure/telemetry';

/** How a projection stands. */
export interface ProjectionView {
  readonly name: string;
  /** The table that is shown. */
  readonly active: ProjectionTable | undefined;
  /** The one that is being built beside it. */
  readonly building: ProjectionTable | undefined;
  readonly tables: readonly ProjectionTable[];
  /** The present end of the log, which it has to reach. */
  readonly end: number;
}

/**
 * `/actuator/projections`: `GET` lists the tables of every projection, `GET /<name>` how one stands. `POST /<name>` with
 * `{ "do": "rebuild" | "pause" | "resume" | "back", "by": "…", "why": "…" }` begins to build one anew and answers at once, pauses that,
 * lets it go on, or shows the table before the present one again.
 */
export function projectionsEndpoint(projector: Projector, log: Logger, clock: Clock): ManagementEndpoint {
  return {
    id: 'projections',
    async handle(request): Promise<ManagementResponse> {
      const { method, path } = request;
      const [name] = path;
      if (method === 'POST' && name !== undefined) return steer(projector, name, request, { log, clock });
      if (method !== 'GET') return { status: 405, allow: name === undefined ? 'GET' : 'GET, POST' };
      if (name === undefined) return { status: 200, body: { projections: await projector.tables() } };
      return { status: 200, body: await viewOf(projector, name) };
    },
  };
}

/** EVENT_SOURCING_PROJECTION_UNKNOWN. */
async function viewOf(projector: Projector, name: string): Promise<ProjectionView> {
  const tables = await projector.tables(name);
  const inState = (state: ProjectionTable['state']) => tables.findLast((table) => table.state === state);
  return { name, active: inState('active'), building: inState('building'), tables, end: await projector.end() };
}

async function steer(
  projector: Projector,
  name: string,
  { body }: ManagementRequest,
  { log, clock }: { readonly log: Logger; readonly clock: Clock },
): Promise<ManagementResponse> {
  const { by, why, do: what = 'rebuild' } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof by !== 'string' || typeof why !== 'string' || by === '' || why === '')
    return { status: 400, detail: 'say who asks and why: { "by": "…", "why": "…" }' };
  const who = { by, why, at: clock.now() };
  switch (what) {
    case 'rebuild':
      await projector.begin(name, who);
      break;
    case 'back':
      await projector.rollBack(name);
      break;
    case 'pause':
    case 'resume': {
      const done = await projector.pause(name, what === 'pause' ? who : undefined);
      if (!done) return { status: 404, detail: `the projection "${name.slice(0, 100)}" is not being built` };
      break;
    }
    default:
      return { status: 400, detail: '"do" is "rebuild", "pause", "resume" or "back"' };
  }
  log.info('somebody has steered a projection', { name, what, by, why });
  return { status: what === 'rebuild' ? 202 : 200, body: await viewOf(projector, name) };
}
