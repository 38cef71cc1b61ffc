import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import type { ProjectionTable, Projector } from '@dure/postgres';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { projectionsEndpoint } from './projections-endpoint.ts';

const who = { by: 'kim', why: 'ticket 7' };
const table = (run: number, state: ProjectionTable['state'], position: number): ProjectionTable => ({
  name: 'board',
  version: 1,
  run,
  mode: 'async',
  state,
  position,
  changedAt: 0,
});

function world(isBuilding = true) {
  const asked: unknown[] = [];
  const clock = fakeClock();
  const tables = [table(1, 'active', 9), ...(isBuilding ? [table(2, 'building', 4)] : [])];
  const projector = {
    tables: async () => tables,
    end: async () => 10,
    begin: async (...of: unknown[]) => void asked.push(['begin', ...of]),
    rollBack: async (...of: unknown[]) => void asked.push(['back', ...of]),
    pause: async (...of: unknown[]) => {
      asked.push(['pause', ...of]);
      return isBuilding;
    },
  } as unknown as Projector;
  const endpoint = projectionsEndpoint(projector, memoryTelemetry().log, clock);
  const ask = async (method: 'GET' | 'POST', path: readonly string[], body?: unknown) =>
    endpoint.handle({ method, path, query: {}, body });
  return { ask, asked, at: clock.now(), tables };
}

test('a projection is shown with what is being built, and how far the log goes', async () => {
  const { ask, tables } = world();
  assert.deepEqual((await ask('GET', [])).body, { projections: tables });
  const [active, building] = tables;
  assert.deepEqual((await ask('GET', ['board'])).body, { name: 'board', active, building, tables, end: 10 });
  assert.equal((await ask('DELETE' as 'GET', ['board'])).status, 405);
});

test('building begins at once, is paused, goes on or is taken back, by somebody and for a reason', async () => {
  const { ask, asked, at } = world();
  assert.equal((await ask('POST', ['board'], who)).status, 202);
  for (const what of ['pause', 'resume', 'back'])
    assert.equal((await ask('POST', ['board'], { do: what, ...who })).status, 200);
  const said = { ...who, at };
  assert.deepEqual(asked, [
    ['begin', 'board', said],
    ['pause', 'board', said],
    ['pause', 'board', undefined],
    ['back', 'board'],
  ]);
  assert.equal((await ask('POST', ['board'], { do: 'burn', ...who })).status, 400);
  assert.equal((await ask('POST', ['board'], { do: 'rebuild' })).status, 400);
  assert.equal((await world(false).ask('POST', ['board'], { do: 'pause', ...who })).status, 404);
});
