import { openService, startLedger } from './history-services.ts';

// An instance of `ledger`, which is frozen and killed: node history-consumer.main.ts <url of its database> <port of the feed>
const [url = '', port = ''] = process.argv.slice(2);
startLedger(openService('ledger', url, 3), Number(port), ({ id }) => process.stdout.write(`${id}\n`));
