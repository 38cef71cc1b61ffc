import { connect } from 'node:net';

const crowd = 'GET /things/7 HTTP/1.1\r\nHost: shop\r\n\r\n';

/** Sends so many requests over one kept connection, twenty at a time; resolves when all are answered. */
export function askOften(port: number, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const client = connect({ host: '127.0.0.1', port });
    let answered = 0;
    let tail = '';
    const next = () => void client.write(crowd.repeat(20));
    client.on('data', (bytes: Buffer) => {
      const text = tail + bytes.toString('latin1');
      const found = text.split('HTTP/1.1 ').length - 1;
      // The beginning of an answer may be cut in two.
      const at = text.lastIndexOf('HTTP/1.1 ');
      tail = text.slice(Math.max(at + 9, text.length - 8));
      const before = answered;
      answered += found;
      if (answered >= count) client.end();
      else if (Math.floor(answered / 20) > Math.floor(before / 20)) next();
    });
    client.on('error', reject);
    client.on('close', () =>
      answered >= count ? resolve() : reject(new RangeError(`${answered} of ${count} answered`)),
    );
    next();
  });
}

/** Sends so many requests, one a connection, and leaves each before its answer has come. */
export async function askAndLeave(port: number, count: number): Promise<void> {
  const one = (index: number) =>
    new Promise<void>((resolve) => {
      const client = connect({ host: '127.0.0.1', port });
      client.on('error', () => {});
      client.on('close', () => resolve());
      const head =
        index % 2 === 0
          ? crowd.replace('/7', '/slow')
          : 'POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\n{"a"';
      client.write(head, () => setImmediate(() => client.resetAndDestroy()));
    });
  for (let from = 0; from < count; from += 50) {
    await Promise.all(Array.from({ length: Math.min(50, count - from) }, (_, index) => one(index)));
  }
}
