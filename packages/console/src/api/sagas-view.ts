import type { Instance } from '@dure/balancer';
import type { Clock, Schema } from '@dure/core';
import { check } from '@dure/core';
import { z } from 'zod';
import { consoleErrors } from '../errors.ts';
import { asObject, asText } from '../ingest/json.ts';
import type { SagaDetail, SagaList, SagaOrder, SagaQuery } from '../saga-contract.ts';
import { SagaInShort, SagaWhole } from '../saga-contract.ts';
import type { AskInstance } from './ask-instance.ts';

/** What is asked about sagas, and done to them. */
export interface SagasView {
  /** Those of every service that has some: first those that need an operator, then the latest. */
  list(services: readonly string[], query: SagaQuery): Promise<SagaList>;
  /** Undefined when the service knows none with this id. CONSOLE_SERVICE_SILENT. */
  find(service: string, id: string): Promise<SagaDetail | undefined>;
  /** False when the service knows none with this id. CONSOLE_SERVICE_SILENT, CONSOLE_ACTION_REFUSED. */
  operate(service: string, id: string, order: SagaOrder): Promise<boolean>;
}

const withinMs = 3_000;
/** As many as a service lists at once. */
const mostListed = 200;
const Listed = z.object({ sagas: z.array(SagaInShort) });

/** Asks the services themselves: their databases know, and any of their instances reads them. */
export function sagasView(
  instancesOf: (service: string) => readonly Instance[],
  ask: AskInstance,
  clock: Clock,
): SagasView {
  const first = async (service: string, path: string): Promise<Answered> => {
    for (const instance of instancesOf(service)) {
      const body = await ask(instance, path, withinMs).catch(() => undefined);
      if (body !== undefined) return { instance, body };
    }
    throw consoleErrors.SERVICE_SILENT(`no instance of "${service}" answers on its management port`);
  };
  const told = async (service: string, filters: Filters) => {
    const answers = await Promise.all(queriesFor(filters).map((path) => first(service, path)));
    return answers.map(({ body }) => listedIn(body));
  };
  return {
    async list(services, { service, ...filters }) {
      const names = services.filter((name) => service === undefined || name === service);
      const asked = names.filter((name) => instancesOf(name).length > 0);
      const answers = await Promise.all(
        asked.map(async (name) => ({ service: name, parts: await told(name, filters).catch(() => undefined) })),
      );
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
    async operate(service, id, order) {
      // Told to one that answers, and to no other: nobody can tell whether a silent one has done it.
      const { instance } = await first(service, `sagas/${id}`);
      const body = await ask(instance, `sagas/${id}`, withinMs, order).catch((cause) => {
        const message = `"${service}" has not answered; look at the history of the saga before you try again`;
        throw consoleErrors.SERVICE_SILENT(message, { cause });
      });
      if (body === undefined) return true;
      if (statusIn(body) === 404) return false;
      throw consoleErrors.ACTION_REFUSED(`"${service}" refuses: ${detailIn(body)}`, {
        details: { service, code: asObject(body)?.code },
      });
    },
  };
}

type Filters = Omit<SagaQuery, 'service'>;

interface Answered {
  readonly instance: Instance;
  readonly body: unknown;
}

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

function statusIn(body: unknown): unknown {
  return asObject(body)?.status;
}

function detailIn(body: unknown): string {
  return asText(asObject(body)?.detail, 2_000) ?? 'without saying why';
}

function read<Out>(schema: Schema<unknown, Out>, body: unknown): Out | undefined {
  const checked = check(schema, body, 'body');
  return checked.ok ? checked.value : undefined;
}
