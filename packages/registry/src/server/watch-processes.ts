import type { Clock } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import type { Acknowledgements } from './acknowledgements.ts';
import type { ChangeStream } from './change-stream.ts';
import type { Entry } from './instance-info.ts';
import type { InstanceRegistry } from './instance-registry.ts';
import type { ReplicatedOperation } from './peer-queue.ts';
import { ProcessWatch } from './process-watch.ts';
import type { PushFeed } from './push-feed.ts';
import type { Probe, ProbeResult } from './tcp-probe.ts';
import { tcpProbe } from './tcp-probe.ts';

/** What the watch over the processes acts on. */
export interface WatchParts {
  readonly registry: InstanceRegistry;
  readonly feed: PushFeed;
  readonly streams: ReadonlyMap<ChangeStream, string>;
  readonly acknowledgements: Acknowledgements;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly settings: {
    readonly reconnectGraceMs: number;
    readonly answerMs: number;
    readonly massLossShare: number;
  };
  readonly askAll: () => void;
  readonly tellPeers: (operation: ReplicatedOperation) => void;
}

const probeTimeoutMs = 1_000;

/** Watches the processes behind the streams, and removes the instances of those that are gone. */
export function watchProcesses(parts: WatchParts): ProcessWatch {
  const { registry, feed, streams, acknowledgements, telemetry, clock, settings } = parts;
  const { log, metrics } = telemetry;
  const lost = metrics.counter('registry_connections_lost', 'Instances removed because their process is gone');
  const probe = tcpProbe(clock, probeTimeoutMs);
  const watch = new ProcessWatch({
    clock,
    graceMs: settings.reconnectGraceMs,
    answerMs: settings.answerMs,
    massLossShare: settings.massLossShare,
    pingAll: parts.askAll,
    probe: (process) => probeInstances(instancesOf(registry, process), probe),
    changed(process) {
      const liveness = watch.liveness(process);
      for (const { info } of instancesOf(registry, process)) {
        feed.changed(info.app.toLowerCase(), info.instanceId);
        const fields = { app: info.app, instance: info.instanceId };
        if (liveness === undefined) log.info(`${info.instanceId} is well again`, fields);
        else log.warn(`${info.instanceId} is ${liveness}: ${meanings[liveness]}`, fields);
      }
    },
    died(process, because) {
      for (const { info } of instancesOf(registry, process)) {
        const { app, instanceId: id, lastDirtyTimestamp } = info;
        registry.cancel(app, id);
        parts.tellPeers({ action: 'Cancel', app, id, lastDirtyTimestamp });
        lost.add(1);
        log.warn(`the process of ${id} is gone: ${because}`, { app, instance: id });
      }
      acknowledgements.left(process);
      for (const [stream, owner] of [...streams]) if (owner === process) stream.close();
    },
  });
  return watch;
}

const meanings = {
  busy: 'its connection is open, but it does not answer',
  suspect: 'its connection broke together with others; it stays until it is known to be gone',
} as const;

function instancesOf(registry: InstanceRegistry, process: string): readonly Entry[] {
  return process === '' ? [] : registry.by('process', process);
}

/** One instance that listens is enough. */
function probeInstances(entries: readonly Entry[], probe: Probe): Promise<ProbeResult> | undefined {
  if (entries.length === 0) return undefined;
  return Promise.all(
    entries.map(({ info }) => probe(info.hostName, info.port.enabled ? info.port.number : info.securePort.number)),
  ).then(
    (results) =>
      results.find((result) => result === 'open') ?? results.find((result) => result === 'refused') ?? 'unreachable',
  );
}
