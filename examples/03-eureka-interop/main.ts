// A Eureka registry that is Dure's, a program that knows only Eureka, and a service of Dure's: each finds the other.
import { balancer } from '@dure/balancer';
import { codeOf, ids, messageOf, newTrace, startCall, systemClock, systemRandom } from '@dure/core';
import { generateSigningKey, publicKeyOf, serviceTokens, tokenVerifier } from '@dure/identity';
import { registryClient } from '@dure/registry/client';
import { registryService } from '@dure/registry/server';
import { httpClient, httpTransport, outboundLayers } from '@dure/service/client';
import { silentTelemetry } from '@dure/telemetry';
import { eurekaClient, openPrices } from './price-program.ts';
import { price, shelfService } from './shelf.ts';
import { startAlone } from './start-alone.ts';

const clock = systemClock;
const random = systemRandom;
const telemetry = silentTelemetry();
const key = await generateSigningKey();
const signer = serviceTokens({ service: 'shelf', key, scopes: {}, clock, ids: ids(clock, random) });

// region server
const registry = await startAlone(registryService(), {
  signer,
  verifier: tokenVerifier({
    audience: 'registry',
    peers: { shelf: publicKeyOf(key) }, // ours prove themselves by their keys
    basic: { price: { password: 'secret', service: 'price', scopes: [] } }, // others by HTTP Basic
    clock,
  }),
});
// endregion
const url = `http://127.0.0.1:${registry.port}`;
say(`registry    a Eureka server at ${url}/eureka/`);

// The foreign program, which sends what a Eureka client sends.
const prices = await openPrices();
const eurekaAs = (password: string) => eurekaClient(`http://price:${password}@127.0.0.1:${registry.port}/eureka/`);
const eureka = eurekaAs('secret');
say(`price       registers: ${await eureka.register(prices.port)}`);
say(`price       with a wrong password: ${await eurekaAs('wrong').register(prices.port)}`);

// region client
const discovery = registryClient({ url, signer, clock, random, telemetry });
const transport = httpTransport({ clock, signer });
const layers = outboundLayers({
  clock,
  random,
  telemetry,
  balancer: balancer({ instances: discovery, clock, random }),
});
const client = httpClient(price.with({ getPrice: { timeoutMs: 1_000, attempts: 2 } }), layers, transport);

await discovery.ready('price', 5_000);
const quote = await client.getPrice({ params: { sku: 'tea-green' } }, newCall());
// endregion
say(`shelf       calls price: ${JSON.stringify(quote)}`);

// And the other way: a service of ours as a Eureka client sees it.
const shelf = await startAlone(shelfService, {
  signer,
  verifier: tokenVerifier({ audience: 'shelf', peers: {}, clock }),
  registrar: discovery,
});
await shelf.register();
say(`price       heartbeat: ${await eureka.heartbeat()}`);
const found = await eureka.fetchAll();
for (const line of found) say(`price       sees ${line}`);
const address = found.find((line) => line.startsWith('SHELF'))?.split(' ')[1];
const answer = await fetch(`http://${address}/shelves/tea-green`);
say(`price       calls shelf: ${await answer.text()}`);

say(`price       cancels: ${await eureka.cancel()}`);
const gone = Promise.withResolvers<void>();
discovery.onChange('price', () => gone.resolve());
if (discovery.instances('price').length > 0) await gone.promise;
await client.getPrice({ params: { sku: 'tea-green' } }, newCall()).catch((error: unknown) => {
  say(`shelf       calls price: ${codeOf(error)}: ${messageOf(error)}`);
});

await shelf.close();
await discovery.close();
await transport.close();
await registry.close();
prices.close();

/** A call that nobody else began; within a service, the handler is given one. */
function newCall() {
  return startCall({ trace: newTrace(ids(clock, random)), deadline: clock.now() + 5_000 });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
