import type { HttpRoute } from '@dure/service/server';
import type { Logger } from '@dure/telemetry';
import { configErrors } from '../../errors.ts';
import { readSecret } from '../../secret-file.ts';
import type { ConfigBackend } from '../backends/config-backend.ts';
import { applicationsOf, webhookPaths } from './webhook-paths.ts';
import { provesSecret } from './webhook-proof.ts';

/** Options of `POST /monitor`, where hosts of git repositories tell of a push. */
export interface MonitorOptions {
  /**
   * A file of mode 0600 that holds the secret which the host signs with (GitHub, Gitea, Gogs, Bitbucket) or sends (GitLab);
   * read at every hook. Without it only services may tell.
   */
  readonly secretFile?: string;
  /** Is told after the backend has read again: the files that changed, and whose they may be; `*` for all. */
  readonly onChanged?: (paths: readonly string[], applications: readonly string[]) => void;
}

const mostBytes = 5 * 2 ** 20;

/**
 * `POST /monitor` as Spring Cloud Config has it: answers with the applications that may be affected, none for an event that
 * is no push. The secret is looked at before anything of the body is.
 */
export function monitorRoute(
  { secretFile, onChanged }: MonitorOptions,
  backend: Pick<ConfigBackend, 'refresh'>,
  log: Pick<Logger, 'warn'>,
): HttpRoute {
  return {
    method: 'POST',
    path: '/monitor',
    access: secretFile === undefined ? 'service' : 'public',
    maxBodyBytes: mostBytes,
    async handle(request, { identity }) {
      if (secretFile !== undefined && identity.kind !== 'service') {
        if (!provesSecret(request, await readSecret(secretFile)))
          throw configErrors.MONITOR_REFUSED(
            'the hook is neither signed with the secret nor sent by a service; give the host the secret that is in secretFile',
          );
      }
      const told = webhookPaths(request);
      if (told === undefined) return json([]);
      // What a host says may be cut short: what the backend finds is added to it.
      const found = await backend.refresh().catch((cause: unknown) => {
        log.warn('after a hook the configuration could not be read again', { cause: String(cause) });
        return [];
      });
      const paths = [...new Set([...told, ...found])];
      const applications = applicationsOf(paths);
      onChanged?.(paths, applications);
      return json(applications);
    },
  };
}

function json(applications: readonly string[]) {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(applications) };
}
