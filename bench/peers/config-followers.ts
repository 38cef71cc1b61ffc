import { feedHints, serverSource, watchConfig } from '@dure/config/client';
import { ids, systemClock, systemRandom } from '@dure/core';
import { serviceTokens } from '@dure/identity';
import { z } from 'zod';

/** Many instances that follow their configuration, in one process; tells how long after each edit each has applied it. */
const [url = '', key = '{}', applications = '', count = '0', first = '0'] = process.argv.slice(2);
const tools = { clock: systemClock, random: systemRandom };
const names = applications.split(',');
const sections = { own: { schema: z.object({ edit: z.number(), at: z.number() }) } };
const watches = await Promise.all(
  Array.from({ length: Number(count) }, async (_, index) => {
    const service = names[index % names.length] ?? '';
    const signer = serviceTokens({
      service,
      key: JSON.parse(key),
      scopes: {},
      clock: systemClock,
      ids: ids(systemClock, systemRandom),
    });
    const instance = `${service}:${Number(first) + index}`;
    const source = serverSource({ ...tools, url, signer, instance, waitMs: 30_000 });
    const hints = feedHints({ ...tools, url, signer, instance });
    const watch = await watchConfig({ ...tools, sections, service, profiles: [], sources: [source], hints });
    watch.onChange(({ values: { own } }) => {
      process.send?.({ edit: own.edit, tookMs: performance.timeOrigin + performance.now() - own.at });
    });
    return watch;
  }),
);
process.once('SIGTERM', () => void Promise.all(watches.map((watch) => watch.close())).then(() => process.exit(0)));
process.send?.({ followers: watches.length });
