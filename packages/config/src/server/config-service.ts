import { contract } from '@dure/service/contract';
import type { ServiceDefinition } from '@dure/service/server';
import { service } from '@dure/service/server';
import { configErrors } from '../errors.ts';
import type { Scalar } from '../properties/property.ts';
import { access } from './access.ts';
import type { ConfigBackend } from './backends/config-backend.ts';
import { emptyBackend } from './backends/empty-backend.ts';
import { folderBackend } from './backends/folder-backend.ts';
import { ConfigReader } from './config-reader.ts';
import { readConfigPath } from './config-request.ts';
import type { ConfigEncryption } from './encryption.ts';
import { encryptionRoutes } from './encryption-routes.ts';
import { openLiveConfig } from './live/live-config.ts';
import { rollOutEndpoint } from './live/roll-out-endpoint.ts';
import type { RollOutKeeping } from './live/roll-out-memory.ts';
import type { RollOutPolicy } from './live/roll-out-policy.ts';
import type { MonitorOptions } from './monitor/monitor-route.ts';
import { monitorRoute } from './monitor/monitor-route.ts';
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
  /** How a change gets to those who run on it. Default: to all at once, and each judges for itself. */
  readonly rollOut?: RollOutPolicy | undefined;
  /** Where accepted versions and held changes are kept, so that they outlive a restart. Default: nowhere. */
  readonly keeping?: RollOutKeeping | undefined;
  /** `POST /monitor`, where the host of a git repository tells of a push. Default: not there. */
  readonly monitor?: MonitorOptions | undefined;
  /** How values marked `{cipher}` are decrypted, and by which keys texts are encrypted. Default: they are passed on. */
  readonly encryption?: ConfigEncryption | undefined;
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
  const backend = options.backend ?? (options.folder === undefined ? emptyBackend : folderBackend(options.folder));
  const { overrides = {}, encryption } = options;
  return service({
    contract: configContract,
    start({ add, telemetry, clock, ids }) {
      add.onStop(async () => backend[Symbol.asyncDispose]());
      const { rollOut: policy, keeping } = options;
      const live = openLiveConfig({ backend, policy, keeping, rights, clock, ids, log: telemetry.log });
      add.onStop(() => live.close());
      for (const route of [...live.routes, ...encryptionRoutes(encryption)]) add.route(route);
      add.endpoint(rollOutEndpoint(live, backend));
      const reader = new ConfigReader({ backend, live, rights, overrides, encryption });
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
      if (options.monitor !== undefined) add.route(monitorRoute(options.monitor, backend, telemetry.log));
      add.health({
        name: 'configServer',
        groups: [],
        async check() {
          const problems = await backend.problems();
          const held = live.rollOut.held();
          if (problems.length === 0 && held.length === 0) return { status: 'UP' };
          return { status: 'DOWN', details: { problems, ...(held.length === 0 ? {} : { held }) } };
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
