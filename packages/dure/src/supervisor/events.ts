import type { EdgePorts } from '../plan/placement.ts';
import type { Component } from './component.ts';
import type { Phase } from './timeline.ts';

/** Where the parts of a running system are reached. */
export interface SystemUrls {
  readonly gateway: string;
  readonly registry: string;
  readonly config: string;
  /** Carries a one-time token in the event `ready` and in the answer of `dure status`, and none anywhere else. */
  readonly console: string;
  /** Only where the system has a router. */
  readonly router?: string;
  /** Only where the system has DNS answers: `dns://<host>:<port>/<zone>` (RFC 4501). */
  readonly dns?: string;
}

/** What a supervisor tells while it works. */
export type SupervisorEvent =
  /** A component changed its state. */
  | { readonly type: 'component'; readonly component: Component }
  /** A phase of the start has ended. */
  | { readonly type: 'phase'; readonly phase: Phase }
  /** Every readiness check is up and the gateway sees every instance. */
  | { readonly type: 'ready'; readonly tookMs: number; readonly urls: SystemUrls }
  /** A service has more or fewer processes than before. */
  | { readonly type: 'scaled'; readonly report: ScaleReport }
  /** Every process of a service was replaced. */
  | { readonly type: 'restarted'; readonly report: RestartReport }
  /** Another version of a service is tried out, or no longer. */
  | { readonly type: 'canary'; readonly report: CanaryReport }
  | { readonly type: 'stopping' }
  | { readonly type: 'stopped'; readonly tookMs: number };

/** What scaling did to one service: the names of the processes that were started and stopped. */
export interface ScaledService {
  readonly service: string;
  readonly from: number;
  readonly to: number;
  readonly started: readonly string[];
  readonly stopped: readonly string[];
}

/** What `dure scale --json` prints. */
export interface ScaleReport {
  readonly services: readonly ScaledService[];
  readonly tookMs: number;
}

/** One process that took over from another. */
export interface ReplacedProcess {
  readonly name: string;
  readonly formerPid?: number;
  readonly pid?: number;
  readonly tookMs: number;
}

/** What `dure restart --json` prints. */
export interface RestartReport {
  readonly service: string;
  readonly processes: readonly ReplacedProcess[];
  readonly tookMs: number;
}

/** What `dure canary --json` prints. */
export interface CanaryReport {
  readonly service: string;
  /** The version of the others. */
  readonly stable: string;
  /** What is tried out from now on; absent when nothing is. */
  readonly canary?: { readonly process: string; readonly version: string };
  readonly tookMs: number;
}

/** One service of a component. */
export interface ServiceStatus {
  readonly name: string;
  readonly instanceId: string;
  readonly port: number;
  readonly managementPort: number;
  readonly version: string;
}

export interface ComponentStatus {
  readonly name: string;
  readonly state: Component['state']['kind'];
  readonly pid?: number;
  readonly restarts: number;
  readonly lastCrash?: string;
  readonly services: readonly ServiceStatus[];
}

/** What `dure status --json` prints. */
export interface SystemStatus {
  readonly system: string;
  readonly ready: boolean;
  /** What keeps it from being ready, one line each. */
  readonly waitingFor: readonly string[];
  readonly pid: number;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly placement: 'each' | 'one';
  readonly stateFolder: string;
  readonly urls: SystemUrls;
  readonly components: readonly ComponentStatus[];
}

/** A component as it is shown. */
export function componentStatus({ name, state, restarts, lastCrash }: Component): ComponentStatus {
  return {
    name,
    state: state.kind,
    ...('pid' in state && state.pid !== undefined ? { pid: state.pid } : {}),
    restarts,
    ...(lastCrash === undefined ? {} : { lastCrash }),
    services: state.kind === 'ready' ? state.services : [],
  };
}

/** Where the ports of a run are reached. */
export function systemUrls(host: string, ports: EdgePorts, zone: string | undefined): SystemUrls {
  const at = (port: number) => `http://${host}:${port}`;
  const { gateway, registry, config, console, router, dns } = ports;
  return {
    gateway: at(gateway),
    registry: at(registry),
    config: at(config),
    console: at(console),
    ...(router === undefined ? {} : { router: at(router) }),
    ...(dns === undefined ? {} : { dns: `dns://${host}:${dns}/${zone}` }),
  };
}
