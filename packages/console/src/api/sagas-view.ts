import type { Instance } from '@dure/balancer';
import type { Clock } from '@dure/core';
import { z } from 'zod';
import { consoleErrors } from '../errors.ts';
import type { SagaDetail, SagaList, SagaOrder, SagaQuery } from '../saga-contract.ts';
import { SagaInShort, SagaWhole } from '../saga-contract.ts';
import type { AskInstance } from './ask-instance.ts';
import { askServices, detailIn, read, statusIn } from './ask-services.ts';

/** What is asked about sagas, and done to them. */
export interface SagasView {
  /** Those of every service that has some: first those that need an operator, then the latest. */
  list(services: readonly string[], query: SagaQuery): Promise<SagaList>;
  /** Undefined when the service knows none with this id. CONSOLE_SERVICE_SILENT. */
  find(service: string, id: string): Promise<SagaDetail | undefined>;
  /** False when the service knows none with this id. CONSOLE_SERVICE_SILENT, CONSOLE_ACTION_REFUSED. */
  operate(service: string, id: string, order: SagaOrder): Promise<boolean>;
}

/** As many as a service lists at once. */
const mostListed = 200;
const Listed = z.object({ sagas: z.array(SagaInShort) });

/** Asks the services themselves: their databases know, and any of their instances reads them. */
export function sagasView(
  instancesOf: (service: string) => readonly Instance[],
  ask: AskInstance,
  clock: Clock,
): SagasView {
  const { first, operate, each } = askServices(instancesOf, ask);
  const told = async (service: string, filters: Filters) => {
    const answers = await Promise.all(queriesFor(filters).map((path) => first(service, path)));
    return answers.map(({ body }) => listedIn(body));
  };
  return {
    async list(services, { service, ...filters }) {
      const names = services.filter((name) => service === undefined || name === service);
      const answers = await each(names, (name) => told(name, filters));
      const found = answers.flatMap(({ service: name, parts = [] }) =>
        parts.flat().map((one) => ({ service: name, ...one })),
      );
      const sagas = [...new Map(found.map((one) => [one.id, one])).values()];
      return {
        now: clock.now(),
        sagas: sagas.toSorted((a, b) => urgency(a) - urgency(b) || b.startedAt - a.startedAt),
        more: answers.some(({ parts = [] }) => parts.some(({ length }) => length >= mostListed)),
        silent: answers.filter(({ parts }) => parts === undefined).map(({ service: name }) => name),
      };
    },
    async find(service, id) {
      const { body } = await first(service, `sagas/${id}`);
      const whole = read(SagaWhole, body);
      if (whole !== undefined) return { now: clock.now(), service, ...whole };
      if (statusIn(body) === 404) return undefined;
      throw consoleErrors.SERVICE_SILENT(`"${service}" does not tell of its saga: ${detailIn(body)}`);
    },
    operate: (service, id, order) =>
      operate(service, `sagas/${id}`, `sagas/${id}`, order, 'look at the history of the saga'),
  };
}

type Filters = Omit<SagaQuery, 'service'>;

/** What needs an operator is never cut off by what is newer. */
function queriesFor(filters: Filters): readonly string[] {
  const states = filters.state === undefined ? ['needs-operator', undefined] : [filters.state];
  return states.map((state) => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...filters, state })) if (value !== undefined) query.set(name, value);
    return `sagas?${query}`;
  });
}

/** A service without sagas has no such endpoint. CONSOLE_SERVICE_SILENT when it answers nonsense. */
function listedIn(body: unknown): readonly SagaInShort[] {
  const listed = read(Listed, body)?.sagas ?? (statusIn(body) === 404 ? [] : undefined);
  if (listed === undefined) throw consoleErrors.SERVICE_SILENT(`its sagas are not told: ${detailIn(body)}`);
  return listed;
}

function urgency({ state }: SagaInShort): number {
  return state === 'needs-operator' ? 0 : 1;
}
