import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { basename, dirname } from 'node:path';

/** A host that speaks git's smart HTTP, by `git http-backend`. */
export interface GitHttpHost extends AsyncDisposable {
  readonly url: string;
  /** What it asks for; may be changed while it runs. */
  password: string;
  /** `hang`: requests are never answered. */
  behaviour: 'serve' | 'hang';
  /** The Authorization headers it got. */
  readonly seen: readonly (string | undefined)[];
}

/** Serves one bare repository to the user `dure`; with a certificate and its key over TLS. */
export async function gitHttpHost(
  repository: string,
  pair?: { readonly certFile: string; readonly keyFile: string },
): Promise<GitHttpHost> {
  const seen: (string | undefined)[] = [];
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    seen.push(request.headers.authorization);
    if (host.behaviour === 'hang') return;
    if (request.headers.authorization !== `Basic ${btoa(`dure:${host.password}`)}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    answer(repository, request, response);
  };
  const server: Server =
    pair === undefined
      ? createServer(serve)
      : createSecureServer({ cert: readFileSync(pair.certFile), key: readFileSync(pair.keyFile) }, serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const host: GitHttpHost = {
    url: `${pair === undefined ? 'http' : 'https'}://127.0.0.1:${port}/${basename(repository)}`,
    password: 's3cret/p@ss:w%rd',
    behaviour: 'serve',
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return host;
}

/** One request by CGI (RFC 3875). */
function answer(repository: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin',
      GIT_PROJECT_ROOT: dirname(repository),
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      REQUEST_METHOD: request.method,
      PATH_INFO: path,
      QUERY_STRING: query,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
  });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.once('close', () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    const lines = all.toString('latin1', 0, end).split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s, 2)));
    response.writeHead(Number.parseInt(headers.Status ?? '200', 10), headers).end(all.subarray(end + 4));
  });
}
