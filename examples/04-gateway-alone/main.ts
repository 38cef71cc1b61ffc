// A gateway in front of plain HTTP servers, with no other part of Dure: no registry, no configuration server, no
// supervisor. It leads to an old shop and to books in two versions, limits, tries the new version out, and keeps a log.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { named, route, startGateway } from '@dure/proxy/gateway';
import { rateLimited } from '@dure/proxy/protection';
import type { MirrorEvent } from '@dure/proxy/traffic';
import { canary, mirror } from '@dure/proxy/traffic';
import { openBooks, openOldShop } from './plain-servers.ts';

using oldShop = await openOldShop();
using books = await openBooks('1');
using newBooks = await openBooks('2');

const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
const log = join(folder, 'access.log');
const compared = Promise.withResolvers<MirrorEvent>();

// region gateway
const gateway = await startGateway({
  port: 0, // any free one; 8080 in real life
  services: {
    books: [
      { url: books.url, version: '1' },
      { url: newBooks.url, version: '2' },
    ],
  },
  routes: ({ rateLimits: store, telemetry }) => [
    route('orders', {
      path: '/orders/**',
      to: { url: oldShop.url },
      access: 'public',
      layers: [
        named(
          'RateLimit',
          rateLimited({ store, telemetry, policies: [{ name: 'orders', quota: 2, windowSeconds: 60, by: 'address' }] }),
          '2 a minute by address',
        ),
      ],
    }),
    route('books', {
      path: '/books/{isbn:[0-9]+}',
      methods: ['GET'],
      to: { service: 'books' },
      access: 'public',
      layers: [
        named('Canary', canary({ stable: '1', canary: '2', header: { name: 'x-beta' } }), 'of 2 for x-beta'),
        named('Mirror', mirror({ version: '2', observe: compared.resolve }), 'to 2'),
      ],
    }),
  ],
  cors: { allowedOrigins: ['https://shop.example.com'] },
  accessLog: { file: log },
});
// endregion

say('1  the old shop, by its path');
await ask('/orders/7?open=1');
await ask('/orders/8');
say('2  the third within a minute');
await ask('/orders/9');
say('3  books: version 1, and version 2 for whoever asks for it');
await ask('/books/978');
await ask('/books/978', { headers: { 'x-beta': 'yes' } });
const found = await compared.promise;
say('4  the mirror compared what the new version would have said');
say(`   ${found.kind}${found.kind === 'different' ? `: ${found.differences.join(', ')}` : ''}`);
say('5  pages of other origins: of the one that is named, and of any other');
await ask('/books/978', { headers: { origin: 'https://shop.example.com' } });
await ask('/books/978', { headers: { origin: 'https://evil.example' } });
say('6  nothing there, and not with this method');
await ask('/novels/1');
await ask('/books/978', { method: 'DELETE' });

await gateway.close();
say('7  the access log, without the copies that the mirror sent');
for (const line of (await readFile(log, 'utf8')).trimEnd().split('\n')) {
  const { method, path, route: by = '', status } = JSON.parse(line) as Record<string, string>;
  if (!by.startsWith('mirror')) say(`   ${method} ${path} by ${by}: ${status}`);
}
await rm(folder, { recursive: true });

/** Asks the gateway and says what came of it: a problem by its code. */
async function ask(path: string, init: RequestInit = {}): Promise<void> {
  const answer = await fetch(gateway.url + path, init);
  const body = await answer.text();
  const isProblem = answer.headers.get('content-type')?.startsWith('application/problem+json') === true;
  const said = isProblem ? (JSON.parse(body) as { readonly code: string }).code : body;
  const retry = answer.headers.get('retry-after');
  say(`   ${init.method ?? 'GET'} ${path}: ${answer.status} ${said}${retry === null ? '' : `, again in ${retry} s`}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
