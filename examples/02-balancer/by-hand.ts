// The balancer and nothing else of Dure, before plain `fetch`: two instances, one of which fails whatever it is asked.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { balancer, staticInstance, staticInstances } from '@dure/balancer';
import { systemClock, systemRandom } from '@dure/core';

const [well, broken] = await Promise.all([open(200), open(503)]);

// region pick
const instances = staticInstances({
  inventory: [staticInstance('inventory', well.url), staticInstance('inventory', broken.url)],
});
const balance = balancer({ instances, clock: systemClock, random: systemRandom });

async function ask(path: string): Promise<Response | undefined> {
  const tried: string[] = [];
  for (;;) {
    const picked = balance.pick('inventory', tried);
    if (picked === undefined || tried.includes(picked.instance.id)) return undefined; // nobody is left
    const { id, host, port } = picked.instance;
    tried.push(id);
    const answer = await fetch(`http://${host}:${port}${path}`).catch(() => undefined);
    picked.done(answer?.ok === true ? 'success' : 'failure'); // what the next choice goes by
    if (answer?.ok === true) return answer;
  }
}
// endregion

let answered = 0;
for (let call = 0; call < 200; call += 1) if ((await ask('/stock/tea-green')) !== undefined) answered += 1;
process.stdout.write(`${answered} of 200 calls were answered; the broken instance was asked ${broken.asked()} times\n`);
for (const { close } of [well, broken]) close();

async function open(status: number) {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked: () => asked, close };
}
