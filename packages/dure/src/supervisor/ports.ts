import { createServer } from 'node:net';
import type { Clock, DureError, Random } from '@dure/core';
import { messageOf, randomInteger, wait } from '@dure/core';
import { dureErrors } from '../errors.ts';
import type { EdgePorts } from '../plan/placement.ts';
import { askedPorts, portsFrom } from '../plan/placement.ts';
import type { System } from '../system.ts';
import type { HeldSocket } from './held-socket.ts';
import { holdSocket } from './held-socket.ts';
import { portHolder } from './port-holder.ts';

/** Below the range from which the system takes ports for outgoing connections, so that nothing takes them unasked. */
const free = { from: 20_000, to: 32_000 };
const attempts = 50;
const retryMs = 50;

export interface PortChoice {
  readonly host: string;
  /** The first of four in a row; 0 takes any; undefined the standard ones. */
  readonly base: number | undefined;
  readonly random: Random;
  readonly clock: Clock;
  /** How long a port that is in use may take to become free, in milliseconds. */
  readonly patienceMs: number;
}

/**
 * The ports of a run, each seen to be free.
 * DURE_PORT_BUSY names the component, the port and who holds it; DURE_PORT_FORBIDDEN when the user may not open it.
 */
export async function openPorts(choice: PortChoice): Promise<EdgePorts> {
  const { host, base, clock, patienceMs } = choice;
  if (base === 0) return anyPorts(choice);
  const ports = portsFrom(base);
  const check = (component: string, port: number) => checkPort({ host, clock, patienceMs }, component, port);
  const checks = await Promise.allSettled(Object.entries(ports).map(([component, port]) => check(component, port)));
  // Of several that are busy the first is told, whichever was found first.
  const fault = checks.find((outcome) => outcome.status === 'rejected');
  if (fault !== undefined) throw fault.reason;
  return ports;
}

/** Adds the ports of what only some systems have. Rejects as `checkPort`. */
export async function openAskedPorts(
  system: Pick<System, 'router' | 'dns'>,
  choice: Omit<PortChoice, 'random'>,
  ports: EdgePorts,
): Promise<EdgePorts> {
  const asked = askedPorts(system, choice.base, ports);
  for (const [component, port] of Object.entries(asked)) await checkPort(choice, component, port);
  return { ...ports, ...asked };
}

/** Sees that a port is free, or becomes so in time. DURE_PORT_BUSY, DURE_PORT_FORBIDDEN. */
export async function checkPort(
  { host, clock, patienceMs }: Pick<PortChoice, 'host' | 'clock' | 'patienceMs'>,
  component: string,
  port: number,
): Promise<void> {
  const deadline = clock.monotonicMs() + patienceMs;
  for (;;) {
    const fault = await listenOnce(host, port);
    if (fault === undefined) return;
    if (clock.monotonicMs() >= deadline) throw await portFault(host, component, port, fault);
    await wait(clock, retryMs);
  }
}

/** Takes a port that was seen to be free, and keeps it. Rejects as `checkPort`. */
export async function holdPort(host: string, component: string, port: number): Promise<HeldSocket> {
  const held = holdSocket(host, port);
  if (typeof held !== 'string') return held;
  throw await portFault(
    host,
    component,
    port,
    Object.assign(new Error(`bind ${held} ${host}:${port}`), { code: held }),
  );
}

async function anyPorts(choice: PortChoice): Promise<EdgePorts> {
  let last: unknown;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const base = randomInteger(choice.random, free.from, free.to - 4);
    try {
      return await openPorts({ ...choice, base, patienceMs: 0 });
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

async function portFault(
  host: string,
  component: string,
  port: number,
  fault: NodeJS.ErrnoException,
): Promise<DureError> {
  if (fault.code === 'EACCES') {
    return dureErrors.PORT_FORBIDDEN(`the ${component} may not open port ${port} of ${host}: ${messageOf(fault)}`, {
      cause: fault,
      details: { component, port },
    });
  }
  const holder = fault.code === 'EADDRINUSE' ? await portHolder(port) : undefined;
  const by = holder === undefined ? 'another process' : `process ${holder.pid} (${holder.command})`;
  return dureErrors.PORT_BUSY(
    fault.code === 'EADDRINUSE'
      ? `port ${port} of the ${component} is in use by ${by}`
      : `port ${port} of the ${component} cannot be opened: ${messageOf(fault)}`,
    { cause: fault, details: { component, port, pid: holder?.pid, command: holder?.command } },
  );
}

/** Listens and stops at once; what went wrong, if anything. */
function listenOnce(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
