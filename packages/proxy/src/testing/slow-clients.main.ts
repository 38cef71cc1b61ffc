import { systemClock, wait } from '@dure/core';
import { healthyClient } from './healthy-client.ts';
import { slowClients } from './slow-clients.ts';

// Clients in a process of their own: `attack <port> <connections>` tells what is open as long as it lives, `ask <port> <requests>` what failed.
const [act, port, count] = process.argv.slice(2);
process.once('disconnect', () => process.exit(0));
if (act === 'ask') process.send?.({ failures: await healthyClient(Number(port), Number(count)) });
else {
  const attack = await slowClients(Number(port), Number(count));
  for (;;) {
    process.send?.({ open: attack.open() });
    await wait(systemClock, 50);
  }
}
