// Workflows of five steps in DBOS Transact, on the PostgreSQL that is named: sends the steps done a second.
import { DBOS } from '@dbos-inc/dbos-sdk';

const [, , url = '', workflows = '100', inFlight = '20'] = process.argv;
DBOS.setConfig({
  name: `bench-${process.pid}`,
  systemDatabaseUrl: url.replace(/\/[^/?]*(\?|$)/, `/dbos_${process.pid}$1`),
  logLevel: 'error',
});
const count = async (n: number) => n + 1;
const five = DBOS.registerWorkflow(
  async (n: number) => {
    let at = n;
    for (const name of ['a', 'b', 'c', 'd', 'e']) at = await DBOS.runStep(() => count(at), { name });
    return at;
  },
  { name: 'five' },
);
await DBOS.launch();
let next = 0;
const loop = async () => {
  while (next < Number(workflows)) await five(next++);
};
for (let n = 0; n < 20; n += 1) await five(n);
const began = performance.now();
await Promise.all(Array.from({ length: Number(inFlight) }, loop));
process.send?.({ rate: (Number(workflows) * 5 * 1_000) / (performance.now() - began) });
process.on('SIGTERM', () => process.exit(0));
