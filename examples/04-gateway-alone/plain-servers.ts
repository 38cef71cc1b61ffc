import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// Servers that have never heard of Dure. Express, Spring Boot or nginx in their place would do.

/** A server on any free port. */
export interface PlainServer extends Disposable {
  readonly url: string;
}

/** The shop as it was: it knows orders. */
export function openOldShop(): Promise<PlainServer> {
  return open(({ url = '' }, response) => {
    response.setHeader('content-type', 'text/plain').end(`the old shop: ${url}`);
  });
}

/** Books, one after the other in two versions: the second tells the pages as well. */
export function openBooks(version: '1' | '2'): Promise<PlainServer> {
  return open(({ url = '' }, response) => {
    const book = { isbn: url.replace('/books/', ''), title: 'Walden', ...(version === '2' && { pages: 352 }) };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(book));
  });
}

async function open(answer: RequestListener): Promise<PlainServer> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.dispose]: close };
}
