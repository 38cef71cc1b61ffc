import { startMirror, startPublishing } from './history-members.ts';
import { openService } from './history-services.ts';
import type { RealBroker } from './real-broker.ts';
import { openRealBroker } from './real-broker.ts';

// A relay of `orders` or a consumer of `mirror`: node history-member.main.ts <which> <broker> <its address> <url of orders> <url of mirror>
const [which, kind = '', address = '', ordersUrl = '', mirrorUrl = ''] = process.argv.slice(2);
await using opened = new AsyncDisposableStack();
const orders = opened.use(openService('orders', ordersUrl, 3));
const broker = opened.use(await openRealBroker(kind as RealBroker, address));
if (which === 'relay') opened.use(startPublishing(orders, broker));
else {
  const mirror = opened.use(openService('mirror', mirrorUrl, 4));
  opened.use(startMirror(mirror, orders, broker, ({ id }) => process.stdout.write(`${id}\n`)));
}
await new Promise((resolve) => process.once('SIGTERM', resolve));
