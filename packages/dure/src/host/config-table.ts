import type { ConfigBackend } from '@dure/config/server';
import { silentTelemetry } from '@dure/telemetry';
import { machine } from './machine.ts';

/** A table of configurations by the address of its database, whose connections end with the backend. */
export async function tableBackend(url: string, refreshMs: number | undefined): Promise<ConfigBackend> {
  const { openDatabase, postgresBackend } = await import('@dure/postgres');
  const { clock, random, ids } = machine();
  const db = openDatabase({ url, service: 'config', clock, random, ids, telemetry: silentTelemetry() });
  const backend = postgresBackend({ db, clock, ...(refreshMs === undefined ? {} : { refreshMs }) });
  const end = () => backend[Symbol.asyncDispose]();
  return {
    name: backend.name,
    find: (request) => backend.find(request),
    resource: (request) => backend.resource(request),
    problems: () => backend.problems(),
    refresh: () => backend.refresh(),
    watch: (changed) => backend.watch(changed),
    async [Symbol.asyncDispose]() {
      await end();
      await db.close();
    },
  };
}
