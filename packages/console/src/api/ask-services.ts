import type { Instance } from '@dure/balancer';
import type { Schema } from '@dure/core';
import { check } from '@dure/core';
import { consoleErrors } from '../errors.ts';
import { asObject, asText } from '../ingest/json.ts';
import type { AskInstance } from './ask-instance.ts';

/** What an instance of a service said. */
export interface Answered {
  readonly instance: Instance;
  readonly body: unknown;
}

/** Asks services what their databases know, which any of their instances reads. */
export interface AskServices {
  /** The first instance that answers. CONSOLE_SERVICE_SILENT. */
  first(service: string, path: string): Promise<Answered>;
  /**
   * Has something done by an instance that answers, and by no other: nobody can tell whether a silent one has done it. False when the service does
   * not know what it is to be done to. CONSOLE_SERVICE_SILENT, which says where to `look`; CONSOLE_ACTION_REFUSED.
   */
  operate(service: string, before: string, path: string, body: unknown, look: string): Promise<boolean>;
  /** Asks each that runs, and gives the parts that it told; undefined for one that is silent. */
  each<Part>(
    services: readonly string[],
    tell: (service: string) => Promise<Part>,
  ): Promise<readonly { readonly service: string; readonly parts: Part | undefined }[]>;
}

const withinMs = 3_000;

/** Over the management ports of their instances, one after the other. */
export function askServices(instancesOf: (service: string) => readonly Instance[], ask: AskInstance): AskServices {
  const first = async (service: string, path: string): Promise<Answered> => {
    for (const instance of instancesOf(service)) {
      const body = await ask(instance, path, withinMs).catch(() => undefined);
      if (body !== undefined) return { instance, body };
    }
    throw consoleErrors.SERVICE_SILENT(`no instance of "${service}" answers on its management port`);
  };
  return {
    first,
    async operate(service, before, path, order, look) {
      const { instance } = await first(service, before);
      const body = await ask(instance, path, withinMs, order).catch((cause) => {
        throw consoleErrors.SERVICE_SILENT(`"${service}" has not answered; ${look} before you try again`, { cause });
      });
      const status = statusIn(body);
      if (status === undefined) return true;
      if (status === 404) return false;
      throw consoleErrors.ACTION_REFUSED(`"${service}" refuses: ${detailIn(body)}`, {
        details: { service, code: asObject(body)?.code },
      });
    },
    async each(services, tell) {
      const asked = services.filter((name) => instancesOf(name).length > 0);
      return Promise.all(
        asked.map(async (service) => ({ service, parts: await tell(service).catch(() => undefined) })),
      );
    },
  };
}

/** The status in a problem; undefined when it is none. */
export function statusIn(body: unknown): unknown {
  return asObject(body)?.status;
}

/** What a problem says of itself. */
export function detailIn(body: unknown): string {
  return asText(asObject(body)?.detail, 2_000) ?? 'without saying why';
}

/** An answer as a schema reads it; undefined when it does not fit. */
export function read<Out>(schema: Schema<unknown, Out>, body: unknown): Out | undefined {
  const checked = check(schema, body, 'body');
  return checked.ok ? checked.value : undefined;
}
