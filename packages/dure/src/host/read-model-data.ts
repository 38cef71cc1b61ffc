import { join } from 'node:path';
import type { Clock, HealthCheck } from '@dure/core';
import type { FeedConsumer } from '@dure/messaging/feed';
import type { ServiceDefinition } from '@dure/service/server';
import type { ReadModelResource, Statements } from '@dure/sqlite';
import { openReadModel } from '@dure/sqlite';
import { dureErrors } from '../errors.ts';
import { consume } from './consume.ts';
import { dispatcher } from './deliveries.ts';
import { readModelDeliveries } from './read-model-deliveries.ts';
import type { ServiceData } from './service-data.ts';
import type { ProcessKit, ServiceKit } from './service-kit.ts';

/**
 * Opens the read model of a service: a file of its own for each of its processes, which follows the logs of others and has none.
 * DURE_SYSTEM_INVALID when the service also wants what needs a log.
 */
export function openReadModelData(definition: ServiceDefinition, kit: ServiceKit, process: ProcessKit): ServiceData {
  const { name, telemetry } = kit;
  const { contract } = definition;
  const wants = [
    ...Object.keys(contract.commands),
    ...contract.emits.map((event) => event.name),
    ...definition.sagas.map((saga) => saga.name),
    ...Object.values(definition.asks).map(({ service, name: asked }) => `${service}.${asked}`),
  ];
  if (wants.length > 0)
    throw dureErrors.SYSTEM_INVALID(
      `the service "${name}" keeps a read model, which has no log, but has to do with ${wants.join(', ')}; give it a database of PostgreSQL, or take them out`,
    );
  const { schema } = definition.database as ReadModelResource;
  const { run, machine } = process;
  const folder = join(run.stateFolder, 'read-models');
  const file = openReadModel({ folder, name: `${run.process}.${name}`, schema });
  const consumers: FeedConsumer[] = [];
  return {
    db: file,
    routes: [],
    health: [file.health, caughtUp(consumers, kit.service.pulls.length, machine.clock)],
    endpoints: [readModelDeliveries(name, join(folder, `*.${name}-*.db*`))],
    ready: async () => undefined,
    run({ handlers }) {
      const dispatch = dispatcher<Statements>({
        definition,
        handlers,
        log: telemetry.log,
        guarded: (_command, _message, _tx, carryOut) => carryOut(),
        ended: async () => undefined,
        sagas: undefined,
      });
      consumers.push(...consume(dispatch, file.deliveries, kit, process));
    },
    async stopRunning() {
      await Promise.all(consumers.map((consumer) => consumer.close()));
    },
    close: () => file.close(),
  };
}

/** How long nothing must have come for a read model to count as caught up, in milliseconds. */
const quietMs = 250;

/** Ready once every log has been read to its end; what comes later is the life of a read model, and no reason to leave. */
function caughtUp(consumers: readonly FeedConsumer[], sources: number, clock: Clock): HealthCheck {
  let seen = '';
  let sinceMs = clock.monotonicMs();
  let reached = false;
  return {
    name: 'read-model',
    groups: ['readiness'],
    check() {
      const states = consumers.map(({ state }) => state);
      const positions = JSON.stringify(states.map(({ position }) => position));
      if (positions !== seen) sinceMs = clock.monotonicMs();
      seen = positions;
      const follows = states.length === sources && states.every(({ status }) => status === 'following');
      reached ||= follows && clock.monotonicMs() - sinceMs >= quietMs;
      const details = Object.fromEntries(states.map(({ source, position, status }) => [source, { status, position }]));
      return { status: reached ? 'UP' : 'OUT_OF_SERVICE', details };
    },
  };
}
