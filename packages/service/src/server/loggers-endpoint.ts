import type { ManagementEndpoint, ManagementRequest, ManagementResponse } from '@dure/core';
import type { LogLevels } from '@dure/telemetry';
import { loggerLevel, rootLogger } from '@dure/telemetry';

const jsonType = 'application/vnd.spring-boot.actuator.v3+json';
const levelNames = ['OFF', 'ERROR', 'WARN', 'INFO', 'DEBUG'];

/**
 * `/actuator/loggers`, as Spring Boot has it: what each logger writes. `POST loggers/{name}` with `configuredLevel` sets one until
 * the process ends, above what the configuration says; null takes that back.
 */
export function loggersEndpoint(levels: LogLevels): ManagementEndpoint {
  const shown = (name: string) => ({
    configuredLevel: levels.configured(name)?.toUpperCase() ?? null,
    effectiveLevel: levels.effective(name).toUpperCase(),
  });
  const names = () => [rootLogger, ...levels.names];
  return {
    id: 'loggers',
    handle(request) {
      const [name, ...rest] = request.path;
      if (name === undefined) {
        if (request.method !== 'GET') return { status: 405, allow: 'GET' };
        const loggers = Object.fromEntries(names().map((one) => [one, shown(one)]));
        return json({ levels: levelNames, loggers, groups: {} });
      }
      if (rest.length > 0 || !names().includes(name))
        return { status: 404, detail: `there is no such logger; there are ${names().join(', ')}` };
      if (request.method === 'POST') return set(levels, name, request);
      return request.method === 'GET' ? json(shown(name)) : { status: 405, allow: 'GET, POST' };
    },
  };
}

function set(levels: LogLevels, name: string, { body }: ManagementRequest): ManagementResponse {
  const wanted = typeof body === 'object' && body !== null && 'configuredLevel' in body ? body.configuredLevel : null;
  const level = wanted === null ? undefined : loggerLevel(wanted);
  if (wanted !== null && level === undefined)
    return { status: 400, detail: `\`configuredLevel\` must be one of ${levelNames.join(', ')}, or null` };
  levels.set(name, level);
  return { status: 204 };
}

function json(body: unknown): ManagementResponse {
  return { status: 200, contentType: jsonType, body };
}
