import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock, Health, ManagementEndpoint } from '@dure/core';
import { messageOf } from '@dure/core';
import { contract } from '@dure/service/contract';
import type { ServiceDefinition } from '@dure/service/server';
import { service } from '@dure/service/server';
import type { Logger } from '@dure/telemetry';
import { apiHandlers } from './api/api-handlers.ts';
import { askInstance } from './api/ask-instance.ts';
import { configView } from './api/config-view.ts';
import { healthWatch } from './api/health-watch.ts';
import { liveView } from './api/live-view.ts';
import { parkedView } from './api/parked-view.ts';
import { sagasView } from './api/sagas-view.ts';
import { buildWebIfChanged } from './build/build-web.ts';
import { ingestRoutes } from './ingest/ingest-routes.ts';
import { apiRoutes } from './site/api-routes.ts';
import { guard } from './site/guard.ts';
import type { Sessions } from './site/sessions.ts';
import { sessions } from './site/sessions.ts';
import { siteRoutes } from './site/site-routes.ts';
import type { StaticFile } from './site/static-files.ts';
import { staticFiles } from './site/static-files.ts';
import { sqliteTelemetryStore } from './store/sqlite-telemetry-store.ts';
import type { StoreLimits, TelemetryStore } from './store/telemetry-store.port.ts';
import { fetchJson } from './transport.ts';
import { zipkinRoutes } from './zipkin/zipkin-routes.ts';

/** How the console is set up. */
export interface ConsoleOptions {
  /** Where its store and its session key are kept; made when it is missing. */
  readonly stateFolder: string;
  /** A one-time token that opens a session: `http://127.0.0.1:9411/?token=…`. */
  readonly token?: string | undefined;
  /** The names in the system's manifest: shown also while nothing of them runs. */
  readonly services?: readonly string[];
  /** Built web pages; without it this package's own, built when their sources changed. */
  readonly webFolder?: string;
  /** What the store keeps at most: 200 000 spans and as many lines, a week, 512 MiB, 10 000 spans a trace. */
  readonly limits?: Partial<StoreLimits>;
  /** Names besides those of the loopback by which browsers may reach it. */
  readonly hosts?: readonly string[];
}

const trimEveryMs = 60_000;
const packageFolder = fileURLToPath(new URL('..', import.meta.url));

/**
 * The console as a service: takes in OTLP and Zipkin, keeps it, and shows it. Its contract is empty, for all that it
 * offers needs a session or a service's token; the API of its pages is `@dure/console/contract`.
 *
 * @example
 * consoleService({ stateFolder: '.dure/console', token, services: ['order', 'stock'] })
 */
export function consoleService(options: ConsoleOptions): ServiceDefinition {
  return service({
    contract: contract('console', {}),
    start: ({ clock, random, log, add, platform, telemetry }) => {
      const store = openStore(options, log);
      add.onStop(() => store.close());
      const session = sessions({
        token: options.token,
        file: join(options.stateFolder, 'console-session.json'),
        clock,
        random,
      });
      const entry = guard(session, options.hosts);
      const live = liveView(store, clock, telemetry);
      const ask = askInstance(clock, fetchJson, (audience) => platform.signer.authorize(audience, undefined));
      const instancesOf = (name: string) => platform.instances.instances(name);
      const handlers = apiHandlers({
        config: configView(instancesOf, ask),
        sagas: sagasView(instancesOf, ask, clock),
        parked: parkedView(instancesOf, ask, clock),
        clock,
        store,
        traffic: live.traffic,
        tail: live.tail,
        dropped: () => live.intake.dropped,
        services: {
          ...live,
          expected: options.services ?? [],
          instances: platform.instances,
          health: healthWatch(clock, ask),
        },
      });
      const web = webPages(options, log);
      const routes = [
        ...ingestRoutes(live.intake, clock),
        ...zipkinRoutes(store, entry, clock),
        ...apiRoutes(handlers, entry, clock),
        ...siteRoutes(session, entry, web.files),
      ];
      for (const route of routes) add.route(route);
      add.endpoint(tokenEndpoint(session));
      add.health({ name: 'webPages', groups: [], check: web.health });
      add.health({
        name: 'telemetryStore',
        groups: ['readiness'],
        check: () => ({ status: 'UP', details: { ...store.stats() } }),
      });
      add.onStop(keepTrimmed(store, clock, log));
      return {};
    },
  });
}

function openStore({ stateFolder, limits }: ConsoleOptions, log: Logger): TelemetryStore {
  const file = join(stateFolder, 'telemetry.sqlite');
  return sqliteTelemetryStore({
    file,
    ...(limits === undefined ? {} : { limits }),
    onSetAside: (why) => log.warn(`the console's store could not be used and was kept as ${file}.old: ${why}`),
  });
}

/** Builds and reads the pages in the background: what comes in meanwhile must not wait. */
function webPages({ webFolder }: ConsoleOptions, log: Logger) {
  let state: Health = { status: 'UNKNOWN', details: { state: 'being built' } };
  const load = async (): Promise<ReadonlyMap<string, StaticFile>> => {
    const root = join(packageFolder, 'web');
    const outDir = join(root, 'dist');
    return staticFiles(webFolder ?? (await buildWebIfChanged({ root, outDir, name: "the console's web pages" })));
  };
  const loaded = load();
  loaded.then(
    () => {
      state = { status: 'UP' };
    },
    (error: unknown) => {
      state = { status: 'DOWN', details: { error: messageOf(error) } };
      log.error(messageOf(error), { error });
    },
  );
  return { files: () => loaded, health: () => state };
}

/** `POST /actuator/console/token` mints a one-time token; the management port demands a service's token for it. */
function tokenEndpoint(session: Sessions): ManagementEndpoint {
  return {
    id: 'console',
    handle: ({ method, path }) => {
      if (path.length !== 1 || path[0] !== 'token') return { status: 404 };
      if (method !== 'POST') return { status: 405, allow: 'POST' };
      return { status: 200, body: { token: session.mint() } };
    },
  };
}

function keepTrimmed(store: TelemetryStore, clock: Clock, log: Logger): () => void {
  const next = () =>
    clock.after(trimEveryMs, () => {
      store
        .trim(clock.now())
        .catch((error: unknown) => log.warn('old telemetry could not be removed', { error }))
        .finally(() => {
          if (!stopped) timer = next();
        });
    });
  let stopped = false;
  let timer = next();
  return () => {
    stopped = true;
    timer.cancel();
  };
}
