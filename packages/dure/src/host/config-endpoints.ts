import type { HealthCheck, ManagementEndpoint } from '@dure/core';
import { isDureError, messageOf } from '@dure/core';
import { serviceErrors } from '@dure/service/server';
import type { ServiceWatch } from './service-sections.ts';
import { isOwnKey } from './service-sections.ts';

const jsonType = 'application/vnd.spring-boot.actuator.v3+json';

/** A watch that may not have read anything yet. */
type MaybeWatch = () => ServiceWatch | undefined;

/**
 * `/actuator/config`: the layers in the order in which they were applied, and each key in force with its origin; secrets
 * masked. All are those of now; the service's own, if it does not follow them, those of its start. `refused` is there while
 * the latest reading does not fit. `/actuator/config/prod,eu`: what it would be under these profiles.
 */
export function configEndpoint(watch: MaybeWatch, isFollowed: () => boolean): ManagementEndpoint {
  const started = watch()?.current;
  return {
    id: 'config',
    async handle({ path: [profiles] }) {
      const now = watch();
      if (now === undefined) return { status: 200, body: { layers: [], keys: [], warnings: [] } };
      if (profiles !== undefined) return { status: 200, body: shown(await now.under(profiles.split(','))) };
      const { current, refusal } = now;
      const keys = started === undefined || isFollowed() ? current.explain() : mixed(started, now);
      const refused = refusal === undefined ? {} : { refused: reasonOf(refusal) };
      return { status: 200, body: { ...shown(current), keys, ...refused } };
    },
  };
}

function shown({ layers, warnings, explain }: State) {
  return { layers, keys: explain(), warnings };
}

type State = ServiceWatch['current'];

function mixed(started: State, now: ServiceWatch) {
  const isOwn = ({ key }: { readonly key: string }) => isOwnKey(key, now);
  return [...started.explain().filter(isOwn), ...now.current.explain().filter((key) => !isOwn(key))];
}

/** `configuration`: UP in any case, for what held before holds on; `refused` says what is wrong and where, until it is corrected. */
export function configHealth(watch: MaybeWatch): HealthCheck {
  return {
    name: 'configuration',
    groups: [],
    check() {
      const refusal = watch()?.refusal;
      return { status: 'UP', ...(refusal === undefined ? {} : { details: { refused: reasonOf(refusal) } }) };
    },
  };
}

function reasonOf(error: unknown) {
  return { code: isDureError(error) ? error.code : undefined, message: messageOf(error) };
}

/**
 * `POST /actuator/refresh`, as in Spring Cloud: reads now, and answers the keys that changed. A change that does not fit
 * is a problem with the reason.
 */
export function refreshEndpoint(watch: MaybeWatch): ManagementEndpoint {
  return {
    id: 'refresh',
    async handle({ method }) {
      if (method !== 'POST')
        throw serviceErrors.METHOD_NOT_ALLOWED('a refresh is a POST', { details: { allow: 'POST' } });
      return { status: 200, contentType: jsonType, body: (await watch()?.refresh()) ?? [] };
    },
  };
}
