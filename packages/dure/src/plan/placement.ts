import type { System } from '../system.ts';

/** Where services run: each in a process of its own, or all in one. */
export type Placement = 'each' | 'one';

/** The ports of a run that are known to the world. */
export interface EdgePorts {
  readonly gateway: number;
  readonly registry: number;
  readonly config: number;
  readonly console: number;
  /** Only where the system has a router. */
  readonly router?: number;
  /** Only where the system has DNS answers. */
  readonly dns?: number;
}

/** The ports that stay the same over all runs. */
export const standardPorts: EdgePorts = { gateway: 8080, registry: 8761, config: 8888, console: 9411 };

/** The standard ports, or four in a row from `base`. */
export function portsFrom(base: number | undefined): EdgePorts {
  if (base === undefined) return standardPorts;
  return { gateway: base, registry: base + 1, config: base + 2, console: base + 3 };
}

/** The ports of what only some systems have: the ones they ask for, the usual ones, or those after the others. */
export function askedPorts(
  { router, dns }: Pick<System, 'router' | 'dns'>,
  base: number | undefined,
  ports: EdgePorts,
): Pick<EdgePorts, 'router' | 'dns'> {
  return {
    ...(router === undefined ? {} : { router: router.port ?? routerPort(base, ports) }),
    ...(dns === undefined ? {} : { dns: dns.port ?? dnsPort(base, ports) }),
  };
}

function routerPort(base: number | undefined, { console }: EdgePorts): number {
  return base === undefined ? 8081 : console + 1;
}

/** Leaves the router's place free, so that a router more or less does not move it. */
function dnsPort(base: number | undefined, { console }: EdgePorts): number {
  return base === undefined ? 8600 : console + 2;
}
