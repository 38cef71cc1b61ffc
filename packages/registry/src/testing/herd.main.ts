import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { pushPath, retryAfterHeader } from '../wire/push-stream.ts';

/**
 * Subscribers that all come at once, each a stream that reads what it is told, and comes back when it is told to. Says
 * for each, as it comes in, after how many milliseconds: for the herd test.
 */
const [url = '', count = ''] = process.argv.slice(2);
const begun = performance.now();

async function come(name: string): Promise<void> {
  const waitMs = await new Promise<number>((resolve, reject) => {
    const asked = request(`${url}${pushPath}?process=${name}`, {
      headers: { authorization: 'Bearer herd' },
      agent: false,
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? 0 : Number(response.headers[retryAfterHeader]));
    });
    asked.end();
  });
  if (waitMs === 0) process.stdout.write(`${Math.round(performance.now() - begun)}\n`);
  else await pause(waitMs).then(() => come(name));
}

await Promise.all(Array.from({ length: Number(count) }, (_, index) => come(`herd-${index}`)));
process.stdin.resume().on('end', () => process.exit());
