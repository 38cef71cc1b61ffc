import { connect } from 'node:net';

/** The status of a GET, not following redirects; the body is thrown away. */
export async function statusOf(url: string, signal: AbortSignal): Promise<number> {
  const response = await fetch(url, { signal, redirect: 'manual', headers: { connection: 'close' } });
  await response.body?.cancel();
  return response.status;
}

/** Resolves when a TCP connection was made, and closes it. */
export function connectOnce(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
