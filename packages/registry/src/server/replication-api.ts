import type { Clock } from '@dure/core';
import type { HttpRequest, HttpResponse } from '@dure/service/server';
import { processKey } from '../wire/push-stream.ts';
import type { ReplicationResult } from '../wire/replication.ts';
import { epochHeader } from '../wire/replication.ts';
import { decodeInstance, isRecord } from './decode-instance.ts';
import { bareInstance } from './encode-json.ts';
import { statusOf } from './instance-info.ts';
import type { InstanceRegistry } from './instance-registry.ts';
import type { ReplicatedOperation } from './peer-queue.ts';

/** What a batch of replication works on. */
export interface ReplicationParts {
  readonly registry: InstanceRegistry;
  readonly clock: Clock;
  readonly epoch: string;
  /** Whether this process holds its stream here: then this registry knows best whether it lives. */
  readonly holds: (process: string) => boolean;
  readonly tellPeers: (operation: ReplicatedOperation) => void;
}

/** `POST peerreplication/batch/`: what a peer was told, done here and told no further. Each item has its own status. */
export function replicate(parts: ReplicationParts, request: HttpRequest): HttpResponse {
  if (request.headers[epochHeader] === parts.epoch) return { status: 421 };
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request.body));
  } catch {
    return unparsable;
  }
  if (!isRecord(parsed) || !Array.isArray(parsed.replicationList)) return unparsable;
  const responseList = parsed.replicationList.map((item: unknown) => carryOut(parts, item));
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ responseList }) };
}

const unparsable: HttpResponse = {
  status: 400,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error: 'cannot parse request body' }),
};
const done: ReplicationResult = { statusCode: 200 };
const missing: ReplicationResult = { statusCode: 404 };
const failed: ReplicationResult = { statusCode: 500 };

function carryOut(parts: ReplicationParts, item: unknown): ReplicationResult {
  if (!isRecord(item) || typeof item.appName !== 'string' || typeof item.id !== 'string') return failed;
  const { registry, clock } = parts;
  const app = item.appName.toUpperCase();
  const dirty = Number.isFinite(Number(item.lastDirtyTimestamp ?? Number.NaN))
    ? Number(item.lastDirtyTimestamp)
    : undefined;
  switch (item.action) {
    case 'Register': {
      const decoded = decodeInstance(item.instanceInfo, app, clock);
      return decoded.ok && !registry.register(decoded.info, 'peer') ? failed : done;
    }
    case 'Heartbeat':
      return renew(registry, app, item.id, dirty, item.overriddenStatus);
    case 'Cancel':
      return cancel(parts, app, item.id, dirty);
    case 'StatusUpdate':
      return registry.override(app, item.id, statusOf(item.status), dirty) ? done : missing;
    case 'DeleteStatusOverride':
      return registry.removeOverride(app, item.id, statusOf(item.status ?? 'UNKNOWN'), dirty) ? done : missing;
    default:
      return failed;
  }
}

function renew(
  registry: InstanceRegistry,
  app: string,
  id: string,
  dirty: number | undefined,
  overriddenStatus: unknown,
): ReplicationResult {
  const renewed = registry.renewFromPeer(app, id, dirty, statusOf(overriddenStatus ?? 'UNKNOWN'));
  if (renewed !== 'older') return renewed === 'renewed' ? done : missing;
  const entry = registry.get(app, id);
  return entry === undefined ? missing : { statusCode: 409, responseEntity: bareInstance(entry) };
}

/** A peer that lost the connection to a process is wrong when the process has moved here. */
function cancel(parts: ReplicationParts, app: string, id: string, dirty: number | undefined): ReplicationResult {
  const { registry, holds, tellPeers } = parts;
  const entry = registry.get(app, id);
  if (entry === undefined) return missing;
  if (holds(entry.info.metadata[processKey] ?? '')) {
    registry.reassert(app, id);
    tellPeers({ action: 'Register', app, id });
    return done;
  }
  registry.cancel(app, id, dirty);
  return done;
}
