import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@dure/core';
import { ids, systemClock, systemRandom } from '@dure/core';
import type { TestSystem } from '@dure/dure/testing';
import { startSystem } from '@dure/dure/testing';
import type { Jwk } from '@dure/identity';
import { generateSigningKey, issueUserToken, serviceTokens } from '@dure/identity';
import { customer } from '../customer.ts';
import type { Place, Sender, Sending } from './bad-request.ts';

/** The shop, running, with everybody's credentials at hand. */
export interface Running {
  /** Where a request to a place goes, and what its bytes depend on. */
  sendingTo(place: Place, sender: Sender): Promise<{ readonly port: number; readonly sending: Sending }>;
  /** The id by which the registry knows the only instance of a service. */
  instanceOf(service: string): Promise<string>;
  stop(): Promise<void>;
}

const dayMs = 86_400_000;
const anybody = '0193d8c0-0000-7000-8000-0000000000aa';

/** Starts the whole shop in one process, with a customer. */
export async function runningShop(): Promise<Running> {
  const shop = await startSystem(new URL('../../system.ts', import.meta.url), { placement: 'one' });
  try {
    const kim = await customer(shop.edge, 'kim');
    const ports = await portsOf(shop);
    const credentialsOf = senders(shop, kim.token, await consoleCookie(shop.consoleUrl));
    return {
      async sendingTo(place, sender) {
        const port = ports.get(place) ?? 0;
        const [component = ''] = place.split(' ');
        return { port, sending: { host: `127.0.0.1:${port}`, credentials: await credentialsOf(sender, component) } };
      },
      async instanceOf(service) {
        const { components } = await shop.status();
        const found = components.flatMap(({ services }) => services).find(({ name }) => name === service);
        return found?.instanceId ?? '';
      },
      stop: () => shop.stop(),
    };
  } catch (error) {
    await shop.stop();
    throw error;
  }
}

async function portsOf(shop: TestSystem): Promise<ReadonlyMap<string, number>> {
  const { components } = await shop.status();
  return new Map(
    components.flatMap(({ services }) =>
      services.flatMap(({ name, port, managementPort }) => [
        [name, port] as const,
        [`${name} management`, managementPort] as const,
      ]),
    ),
  );
}

/** Makes the field line by which a sender shows who it is, or pretends to be. */
function senders(shop: TestSystem, customerToken: string, cookie: string) {
  const generator = ids(systemClock, systemRandom);
  const keyOf = async (service: string) =>
    JSON.parse(await readFile(join(shop.stateFolder, 'keys', `${service}.json`), 'utf8')) as Jwk;
  const byService = async (service: string, audience: string, key: Jwk | Promise<Jwk>, clock = systemClock) =>
    `authorization: ${await serviceTokens({ service, key: await key, scopes: {}, clock, ids: generator }).authorize(audience, undefined)}`;
  const byUser = async (roles: readonly string[], clock: Clock) => {
    const key = await keyOf('user');
    const { token } = await issueUserToken({ subject: anybody, roles, key, clock, ids: generator });
    return `authorization: Bearer ${token}`;
  };
  return (sender: Sender, audience: string): string | Promise<string> => {
    switch (sender) {
      case 'nobody':
        return '';
      case 'customer':
        return `authorization: Bearer ${customerToken}`;
      case 'admin':
        return byUser(['customer', 'admin'], systemClock);
      case 'order':
      case 'inventory':
        return byService(sender, audience, keyOf(sender));
      case 'order, for somebody else':
        return byService('order', 'payment', keyOf('order'));
      case 'order, a minute ago':
        return byService('order', audience, keyOf('order'), ago(90_000));
      case 'a customer of yesterday':
        return byUser(['customer'], ago(dayMs));
      case 'a service that nobody knows':
        return byService('stranger', audience, generateSigningKey());
      case 'order, by the key of product':
        return byService('order', audience, keyOf('product'));
      case 'order, unsigned':
        return byService('order', audience, keyOf('order')).then(unsigned);
      case 'the console session':
        return `cookie: ${cookie}`;
      default:
        return sender satisfies never;
    }
  };
}

function ago(ms: number): Clock {
  return { ...systemClock, now: () => systemClock.now() - ms };
}

/** RFC 8725 §2.1: the header says that there is no signature. */
function unsigned(line: string): string {
  const [, claims = ''] = line.split('.');
  const header = Buffer.from('{"alg":"none","typ":"dure-service+jwt"}').toString('base64url');
  return `authorization: Bearer ${header}.${claims}.`;
}

async function consoleCookie(url: string): Promise<string> {
  const response = await fetch(url, { redirect: 'manual' });
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}
