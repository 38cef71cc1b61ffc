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
}

/** The ports that stay the same over all runs. */
export const standardPorts: EdgePorts = { gateway: 8080, registry: 8761, config: 8888, console: 9411 };

/** The standard ports, or four in a row from `base`. */
export function portsFrom(base: number | undefined): EdgePorts {
  if (base === undefined) return standardPorts;
  return { gateway: base, registry: base + 1, config: base + 2, console: base + 3 };
}

/** The port of a router that asks for none: the usual one, or the one after the others. */
export function routerPort(base: number | undefined, { console }: EdgePorts): number {
  return base === undefined ? 8081 : console + 1;
}
