import { contract } from '@dure/service/contract';
import type { ServiceDefinition } from '@dure/service/server';
import { service } from '@dure/service/server';
import { configErrors } from '../errors.ts';
import type { Scalar } from '../properties/property.ts';
import { access } from './access.ts';
import type { ConfigBackend } from './backends/config-backend.ts';
import { folderBackend } from './backends/folder-backend.ts';
import { ConfigReader } from './config-reader.ts';
import { readConfigPath } from './config-request.ts';
import { unlessKnown } from './rendered-answers.ts';

/** Options of `configService`. */
export interface ConfigServiceOptions {
  /** The folder with `application.yml`, `{app}.yml`, `{app}-{profile}.yml`. Without it or a backend nothing is configured. */
  readonly folder?: string | undefined;
  /** Where configurations lie instead; closed with the service. */
  readonly backend?: ConfigBackend | undefined;
  /**
   * The applications there are. With them `order` cannot read the file of an application `order-admin` by asking for
   * the profile `admin`, nor another application's resources.
   */
  readonly applications?: readonly string[];
  /** Callers that may read every application's configuration, not just their own. Default none. */
  readonly readers?: readonly string[];
  /** Keys that come before everything, for every application. */
  readonly overrides?: Readonly<Record<string, Scalar>>;
}

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
  const rights = access(options.applications ?? [], options.readers ?? []);
  const backend = options.backend ?? (options.folder === undefined ? undefined : folderBackend(options.folder));
  const reader = new ConfigReader({ backend, rights, overrides: options.overrides ?? {} });
  return service({
    contract: configContract,
    start({ add, telemetry }) {
      if (backend !== undefined) add.onStop(async () => backend[Symbol.asyncDispose]());
      const reads = telemetry.metrics.counter('config_reads', 'Configurations read, by application');
      add.route({
        method: 'GET',
        path: '/*',
        access: 'service',
        answersHead: true,
        async handle(request, call) {
          const asked = readConfigPath(request.url);
          if (asked === undefined) throw notFound();
          const answer = await reader.read(asked, request, call.identity);
          reads.add(1, { application: call.identity.subject });
          return unlessKnown(request, answer);
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

/** Says nothing about what was asked for: it may be an attack's path. */
function notFound(): Error {
  return configErrors.NOT_FOUND(
    'there is no such configuration; ask for /{application}/{profile} or /{application}-{profile}.yml',
  );
}
