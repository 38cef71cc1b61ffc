import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { kafkaServer } from '@dure/kafka/testing';
import type { ServerKind } from '@dure/messaging/testing';
import { startTestServer } from '@dure/messaging/testing';
import { natsServer } from '@dure/nats/testing';
import { rabbitmqServer } from '@dure/rabbitmq/testing';

/** The shop as a module to start, with whatever carries its messages. */
export interface ShopModule extends AsyncDisposable {
  readonly module: string;
  /** What carries the messages: `feed`, or a broker. */
  readonly carrier: string;
}

const servers: Readonly<Record<string, ServerKind>> = {
  kafka: kafkaServer,
  rabbitmq: rabbitmqServer,
  nats: natsServer,
};
const carrier = process.env.SHOP_BROKER ?? 'feed';

/** Why the shop cannot be tested with the broker that SHOP_BROKER names, or false. */
export const withoutBroker: string | false =
  carrier === 'feed' ? false : (servers[carrier]?.absent ?? `SHOP_BROKER is "${carrier}", of which there is none`);

/** The shop by its feeds, or, where SHOP_BROKER names one, by a broker of its own that ends with the test. */
export async function shopModule(): Promise<ShopModule> {
  const kind = servers[carrier];
  const original = new URL('../system.ts', import.meta.url);
  if (kind === undefined) {
    return { module: original.pathname, carrier, [Symbol.asyncDispose]: async () => undefined };
  }
  const server = await startTestServer(kind);
  const folder = mkdtempSync(join(tmpdir(), 'dure-shop-'));
  const module = join(folder, 'system.mjs');
  writeFileSync(module, systemOn(carrier, server.url, original, folder));
  writeFileSync(join(folder, 'credentials.json'), '{"*":{"user":"guest","password":"guest"}}', { mode: 0o600 });
  return {
    module,
    carrier,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The one line that chooses a broker, around the shop as it is. */
function systemOn(kind: string, url: string, original: URL, folder: string): string {
  const address = url.replace('guest:guest@', '');
  const options: Readonly<Record<string, object>> = {
    kafka: { servers: address },
    rabbitmq: { url: address, credentialsFile: './credentials.json' },
    nats: { servers: address },
  };
  const shop = relative(folder, new URL('./', original).pathname);
  return `import { shop as original } from '${original.href}';
import { ${kind} } from '${import.meta.resolve(`@dure/${kind}`)}';
const { config, edge } = original;
export const shop = {
  ...original,
  config: config.map((place) => '${shop}/' + place),
  edge: { ...edge, storefront: '${shop}/' + edge.storefront },
  broker: ${kind}(${JSON.stringify(options[kind])}),
};
`;
}
