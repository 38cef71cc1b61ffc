import { createServer } from 'node:net';
import { postgresErrors } from '../errors.ts';

/** A port that was free a moment ago. Somebody may take it before it is used, so whoever uses it tries again. */
export function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause) => {
      reject(postgresErrors.PORT_TAKEN(`no free port on ${host}: ${cause.message}`, { cause }));
    });
    server.listen(0, host, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
