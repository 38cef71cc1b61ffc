import { createServer } from 'node:net';
import type { Random } from '@dure/core';
import { messageOf, randomInteger } from '@dure/core';
import { dureErrors } from '../errors.ts';
import type { EdgePorts } from '../plan/placement.ts';
import { portsFrom } from '../plan/placement.ts';
import { portHolder } from './port-holder.ts';

/** Below the range from which the system takes ports for outgoing connections, so that nothing takes them unasked. */
const free = { from: 20_000, to: 32_000 };
const attempts = 200;

/**
 * The ports of a run, each seen to be free: the standard ones, four in a row from `base`, or any when `base` is 0.
 * DURE_PORT_BUSY names the component, the port and who holds it; DURE_PORT_FORBIDDEN when the user may not open it.
 */
export async function openPorts(host: string, base: number | undefined, random: Random): Promise<EdgePorts> {
  if (base === 0) return anyPorts(host, random);
  const ports = portsFrom(base);
  await Promise.all(Object.entries(ports).map(([component, port]) => checkPort(host, port, component)));
  return ports;
}

async function anyPorts(host: string, random: Random): Promise<EdgePorts> {
  let last: unknown;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    try {
      return await openPorts(host, randomInteger(random, free.from, free.to - 4), random);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

async function checkPort(host: string, port: number, component: string): Promise<void> {
  const fault = await listenOnce(host, port);
  if (fault === undefined) return;
  if (fault.code === 'EACCES') {
    throw dureErrors.PORT_FORBIDDEN(`the ${component} may not open port ${port} of ${host}: ${messageOf(fault)}`, {
      cause: fault,
      details: { component, port },
    });
  }
  const holder = fault.code === 'EADDRINUSE' ? await portHolder(port) : undefined;
  const by = holder === undefined ? 'another process' : `process ${holder.pid} (${holder.command})`;
  throw dureErrors.PORT_BUSY(
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
