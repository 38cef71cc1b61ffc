import type { Instance } from '@dure/balancer';
import type { Clock } from '@dure/core';
import { z } from 'zod';
import { consoleErrors } from '../errors.ts';
import type { ParkedDetail, ParkedList, ParkedOrder, ParkedPlace, ParkedQuery } from '../parked-contract.ts';
import { ParkedAction, ParkedData, ParkedKey, ParkedMessage } from '../parked-contract.ts';
import type { AskInstance } from './ask-instance.ts';
import { askServices, detailIn, read, statusIn } from './ask-services.ts';

/** What is asked about parked messages, and done about them. */
export interface ParkedView {
  /** The keys of every service that has some: first those that are stopped, then the oldest. */
  list(services: readonly string[], query: ParkedQuery): Promise<ParkedList>;
  /** Undefined when no such key of the service is parked. CONSOLE_SERVICE_SILENT. */
  find(service: string, place: ParkedPlace): Promise<ParkedDetail | undefined>;
  /** What a message says; undefined when it does not wait. CONSOLE_SERVICE_SILENT. */
  data(service: string, place: ParkedPlace, id: string): Promise<ParkedData | undefined>;
  /** False when what it is about does not wait. CONSOLE_SERVICE_SILENT, CONSOLE_ACTION_REFUSED. */
  operate(service: string, order: ParkedOrder): Promise<boolean>;
}

/** As many as a service lists at once. */
const mostListed = 200;
const keysPath = 'deliveries/parked';
const Keys = z.object({ parked: z.array(ParkedKey) });
const OneKey = z.object({ parked: z.array(ParkedKey), messages: z.array(ParkedMessage) });
const Data = z.object({ messages: z.array(ParkedData) });
const Actions = z.object({ actions: z.array(ParkedAction) });

/** Asks the services themselves, at the endpoint that `dure parked` asks. */
export function parkedView(
  instancesOf: (service: string) => readonly Instance[],
  ask: AskInstance,
  clock: Clock,
): ParkedView {
  const { first, operate, each } = askServices(instancesOf, ask);
  /** A service without a database has no such endpoint. */
  const keysOf = async (service: string, query: Readonly<Record<string, string | undefined>>) => {
    const { body } = await first(service, `${keysPath}${textOf(query)}`);
    const told = read(Keys, body)?.parked ?? (statusIn(body) === 404 ? [] : undefined);
    if (told === undefined) throw silent(service, body);
    return told;
  };
  const told = (service: string, filters: Filters) =>
    Promise.all(statesFor(filters).map((state) => keysOf(service, { ...filters, state })));
  return {
    async list(services, { service, ...filters }) {
      const names = services.filter((name) => service === undefined || name === service);
      const answers = await each(names, (name) => told(name, filters));
      const found = answers.flatMap(({ service: name, parts = [] }) =>
        parts.flat().map((one) => ({ service: name, ...one })),
      );
      const keys = [...new Map(found.map((one) => [JSON.stringify([one.service, one.source, one.key]), one])).values()];
      return {
        now: clock.now(),
        keys: keys.toSorted((a, b) => urgency(a) - urgency(b) || a.since - b.since),
        more: answers.some(({ parts = [] }) => parts.some(({ length }) => length >= mostListed)),
        silent: answers.filter(({ parts }) => parts === undefined).map(({ service: name }) => name),
      };
    },
    async find(service, { source, key }) {
      const [{ body }, ofSource, { body: done }] = await Promise.all([
        first(service, `${keysPath}${textOf({ source, key, data: 'false' })}`),
        keysOf(service, { source }),
        first(service, 'deliveries/actions'),
      ]);
      const found = read(OneKey, body);
      if (found === undefined && statusIn(body) !== 404) throw silent(service, body);
      const [parked] = found?.parked ?? [];
      if (found === undefined || parked === undefined) return undefined;
      const actions = read(Actions, done)?.actions ?? [];
      return {
        now: clock.now(),
        service,
        ...parked,
        waiting: found.messages,
        actions: actions.filter((one) => one.source === source && (one.key ?? key) === key),
        ofSource: ofSource.length,
      };
    },
    async data(service, place, id) {
      const { body } = await first(service, `${keysPath}${textOf({ ...place, id })}`);
      const found = read(Data, body);
      if (found === undefined && statusIn(body) !== 404) throw silent(service, body);
      return found?.messages[0];
    },
    operate: (service, order) =>
      operate(service, `${keysPath}${textOf({ source: order.source })}`, keysPath, order, 'look at what is parked'),
  };
}

type Filters = Omit<ParkedQuery, 'service'>;

/** What waits for somebody is never cut off by what does not. */
function statesFor({ state }: Filters): readonly (ParkedKey['state'] | undefined)[] {
  return state === undefined ? ['stopped', undefined] : [state];
}

function urgency({ state }: ParkedKey): number {
  return state === 'stopped' ? 0 : 1;
}

function textOf(values: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, value);
  return query.size === 0 ? '' : `?${query}`;
}

function silent(service: string, body: unknown): Error {
  return consoleErrors.SERVICE_SILENT(`"${service}" does not tell what is parked: ${detailIn(body)}`);
}
