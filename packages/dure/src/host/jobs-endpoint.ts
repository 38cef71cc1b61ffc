import type { Clock, ManagementEndpoint, ManagementRequest, ManagementResponse } from '@dure/core';
import type { Job, JobRunner, JobStore } from '@dure/jobs';
import type { Tx } from '@dure/postgres';

const mostListed = 50;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * `/actuator/jobs`: `GET` shows the jobs and their latest runs, `GET /<run>` one run. `POST /<job>` with
 * `{ "by": "…", "args": { … } }` runs one now; `POST /<run>` with `{ "do": "resume" }` or `{ "do": "stop" }` steers a run.
 */
export function jobsEndpoint(
  runner: JobRunner,
  store: JobStore<Tx>,
  jobs: readonly Job<Tx>[],
  clock: Clock,
): ManagementEndpoint {
  return {
    id: 'jobs',
    async handle(request): Promise<ManagementResponse> {
      const { method, path } = request;
      const [name] = path;
      if (method === 'POST' && name !== undefined)
        return uuid.test(name) ? steer(runner, name, request) : ask(runner, name, request);
      if (method !== 'GET') return { status: 405, allow: name === undefined ? 'GET' : 'GET, POST' };
      if (name === undefined) {
        const known = jobs.map(({ name: job, schedule, periods }) => ({
          job,
          schedule,
          next: periods?.next(clock.now()),
        }));
        return { status: 200, body: { jobs: known, runs: await store.list({ limit: mostListed }) } };
      }
      return { status: 200, body: await runner.find(name) };
    },
  };
}

async function ask(runner: JobRunner, job: string, { body }: ManagementRequest): Promise<ManagementResponse> {
  const { by, args } = (body ?? {}) as { readonly by?: unknown; readonly args?: unknown };
  if (typeof by !== 'string' || by === '') return { status: 400, detail: 'say who asks: { "by": "…", "args": { … } }' };
  return { status: 202, body: await runner.ask(job, args, by) };
}

async function steer(runner: JobRunner, id: string, { body }: ManagementRequest): Promise<ManagementResponse> {
  const { do: what } = (body ?? {}) as { readonly do?: unknown };
  if (what === 'resume') return { status: 200, body: await runner.resume(id) };
  if (what === 'stop') return { status: 200, body: await runner.stop(id) };
  return { status: 400, detail: 'say { "do": "resume" } or { "do": "stop" }' };
}
