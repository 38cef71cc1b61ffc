import type { Clock, Ids, Timer } from '@dure/core';
import type { HttpRequest, HttpRoute } from '@dure/service/server';
import type { Logger } from '@dure/telemetry';
import { configErrors } from '../../errors.ts';
import type { ConfigRequest } from '../../properties/config-folder.ts';
import {
  candidateHeader,
  heartbeatMs,
  heldHeader,
  instanceHeader,
  trialHeader,
  versionHeader,
  wantedHeader,
} from '../../wire/change-feed.ts';
import type { Access } from '../access.ts';
import type { BackendFound, ConfigBackend } from '../backends/config-backend.ts';
import { feedRoutes } from './feed-routes.ts';
import { RollOut } from './roll-out.ts';
import type { RollOutKeeping } from './roll-out-memory.ts';
import { folderMemory } from './roll-out-memory.ts';
import type { RollOutPolicy } from './roll-out-policy.ts';
import { Subscribers } from './subscribers.ts';

/** Options of `openLiveConfig`. */
export interface LiveConfigOptions {
  readonly backend: ConfigBackend;
  /** Default: every change is given to all at once, and each judges for itself. */
  readonly policy: RollOutPolicy | undefined;
  /** Default: nothing outlives a restart. */
  readonly keeping: RollOutKeeping | undefined;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly rights: Access;
}

/** What a request for a configuration is answered with. */
export interface Answered {
  readonly found: BackendFound;
  readonly headers: Readonly<Record<string, string>>;
}

/** The part of the config server that knows versions and those who run them. */
export interface LiveConfig {
  readonly rollOut: RollOut;
  readonly subscribers: Subscribers;
  /** The change feed, and where its readers answer. */
  readonly routes: readonly HttpRoute[];
  /** What this reader is to get. CONFIG_NOT_FOUND for a candidate that there is not. */
  read(request: HttpRequest, target: ConfigRequest): Promise<Answered>;
  close(): void;
}

/** From one look at the files to the next, for what no file system and no backend tells of. */
const lookMs = 5_000;

/** Follows a backend and tells of its changes. */
export function openLiveConfig(options: LiveConfigOptions): LiveConfig {
  const { backend, policy = { check: false }, keeping, rights, clock, log } = options;
  const subscribers = new Subscribers(clock);
  const memory = keeping && folderMemory(keeping.folder);
  const rollOut = new RollOut({ ...options, policy, subscribers, memory, run: keeping?.run, mayFind: rights.mayFind });
  const notice = () => {
    rollOut.notice().catch((error: unknown) => log.error('a change of configuration was not given out', { error }));
  };
  const endWatch = backend.watch?.(notice);
  const timers = [every(clock, lookMs, notice), every(clock, heartbeatMs, () => subscribers.beat())];
  return {
    rollOut,
    subscribers,
    routes: feedRoutes({ ...options, rollOut, subscribers }),
    read: (request, target) => read(request, target, rollOut),
    close() {
      endWatch?.();
      for (const timer of timers) timer.cancel();
      rollOut.close();
      subscribers.close();
    },
  };
}

async function read({ headers }: HttpRequest, target: ConfigRequest, rollOut: RollOut): Promise<Answered> {
  const asked = headers[candidateHeader];
  if (typeof asked === 'string') {
    const candidate = rollOut.candidate(asked, target);
    if (candidate === undefined) throw configErrors.NOT_FOUND('that candidate is judged already');
    return { found: candidate.found, headers: { [versionHeader]: candidate.version } };
  }
  const instance = typeof headers[instanceHeader] === 'string' ? headers[instanceHeader] : undefined;
  const { release, isTrial, held } =
    rollOut.known(target, instance, headers[wantedHeader]) ?? (await rollOut.read(target, instance));
  return {
    found: release.found,
    headers: {
      'cache-control': 'no-cache',
      vary: `accept, ${instanceHeader}`,
      [versionHeader]: release.version,
      ...(isTrial ? { [trialHeader]: 'true' } : {}),
      ...(held === undefined ? {} : { [heldHeader]: encodeURI(held) }),
    },
  };
}

function every(clock: Clock, delayMs: number, fire: () => void): Timer {
  let timer = clock.after(delayMs, again);
  function again() {
    fire();
    timer = clock.after(delayMs, again);
  }
  return { cancel: () => timer.cancel() };
}
