import type { Identity } from '@dure/core';
import { contract } from '@dure/service/contract';
import type { HttpRequest, HttpResponse, ServiceDefinition } from '@dure/service/server';
import { service } from '@dure/service/server';
import { configErrors } from '../errors.ts';
import type { ConfigFound } from '../properties/config-folder.ts';
import type { ConfigBackend } from './backends/config-backend.ts';
import { folderBackend } from './backends/folder-backend.ts';
import type { Asked } from './config-request.ts';
import { readConfigPath } from './config-request.ts';
import { environmentJson, originMediaType } from './environment.ts';
import { textFormat } from './text-formats.ts';

/** Options of `configService`. */
export interface ConfigServiceOptions {
  /** The folder with `application.yml`, `{app}.yml`, `{app}-{profile}.yml`. Without it or a backend nothing is configured. */
  readonly folder?: string | undefined;
  /** Where configurations lie instead; closed with the service. */
  readonly backend?: ConfigBackend | undefined;
  /**
   * The applications there are. With them `order` cannot read the file of an application `order-admin` by asking for
   * the profile `admin`.
   */
  readonly applications?: readonly string[];
  /** Callers that may read every application's configuration, not just their own. Default none. */
  readonly readers?: readonly string[];
}

/** Names the broken files whose last good version an answer was made from: `order.yml:3:6`. */
export const staleHeader = 'dure-config-stale';

/** The config server's contract has no operations of its own: it speaks Spring Cloud Config's protocol. */
export const configContract = contract('config', {});

/**
 * The config server: Spring Cloud Config's HTTP API over a folder of files. A service reads its own configuration and
 * `application`, nobody else's.
 *
 * @example
 * const definition = configService({ folder: './config' });
 */
export function configService(options: ConfigServiceOptions): ServiceDefinition {
  const applications = new Set(options.applications ?? []);
  const readers = new Set(options.readers ?? []);
  const mayCombine = (name: string, profile: string) => !applications.has(`${name}-${profile}`);
  const backend =
    options.backend ?? (options.folder === undefined ? undefined : folderBackend(options.folder, mayCombine));
  return service({
    contract: configContract,
    start({ add, telemetry }) {
      if (backend !== undefined) add.onStop(async () => backend[Symbol.asyncDispose]());
      const reads = telemetry.metrics.counter('config_reads', 'Configurations read, by application');
      add.route({
        method: 'GET',
        path: '/*',
        access: 'service',
        async handle(request, call) {
          const asked = readConfigPath(request.url);
          if (asked === undefined) throw notFound();
          const { names, profiles, label } = asked.target;
          for (const name of names) demandOwn(call.identity, name, readers);
          const found = (await backend?.find({ names, profiles, label })) ?? nothing;
          reads.add(1, { application: call.identity.subject });
          return answer(request, asked, found);
        },
      });
      add.health({
        name: 'configServer',
        groups: [],
        async check() {
          const problems = (await backend?.problems()) ?? [];
          return problems.length === 0 ? { status: 'UP' } : { status: 'DOWN', details: { problems } };
        },
      });
      return {};
    },
  });
}

const nothing: ConfigFound = { sources: [], stale: [] };

function answer(request: HttpRequest, asked: Asked, found: ConfigFound): HttpResponse {
  const stale = found.stale.length === 0 ? {} : { [staleHeader]: found.stale.map(encodeURI).join(', ') };
  if (asked.kind === 'environment') {
    const withOrigin = String(request.headers.accept ?? '').includes(originMediaType);
    const type = withOrigin ? originMediaType : 'application/json';
    return {
      status: 200,
      headers: { 'content-type': type, ...stale },
      body: environmentJson(asked.target, found, withOrigin),
    };
  }
  const resolves = request.query.get('resolvePlaceholders') !== 'false';
  const sources = found.sources.map(({ properties }) => properties);
  const { contentType, text } = textFormat(sources, asked.format, resolves);
  return { status: 200, headers: { 'content-type': contentType, ...stale }, body: text };
}

/** `application` is for all. */
function demandOwn({ kind, subject }: Identity, name: string, readers: ReadonlySet<string>): void {
  if (kind === 'service' && (name === subject || name === 'application' || readers.has(subject))) return;
  throw configErrors.NOT_YOURS(`"${subject}" may not read the configuration of another application, only its own`, {
    details: { subject },
  });
}

/** Says nothing about what was asked for: it may be an attack's path. */
function notFound(): Error {
  return configErrors.NOT_FOUND(
    'there is no such configuration; ask for /{application}/{profile} or /{application}-{profile}.yml',
  );
}
