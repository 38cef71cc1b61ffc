import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { codeOf, messageOf, systemClock, wait } from '@dure/core';
import type { TestPair } from '@dure/core/testing';
import { testAuthority } from '@dure/core/testing';
import type { Broker } from '../broker.port.ts';
import type { BrokerContractOptions } from './broker-contract.ts';
import { oneByOne } from './one-by-one.ts';

/** A real server that is spoken to by TLS only. */
export interface TlsBrokerUnderTest extends AsyncDisposable {
  /** Connects by one of the names of this machine. */
  connect(host: string): Broker;
}

const topic = 'test.order.events';

/** What every adapter whose server speaks TLS keeps to; trust comes from the process, as NODE_EXTRA_CA_CERTS gives it. */
export function tlsContract(
  name: string,
  start: (certificate: TestPair, caFile: string) => Promise<TlsBrokerUnderTest>,
  { skip = false, patienceMs = 30_000 }: BrokerContractOptions = {},
): void {
  test(`${name}: over TLS records go to a server that an authority vouches for under the name that is called, and to no other`, {
    skip,
  }, async () => {
    await using authority = await testAuthority('Brokers');
    await using server = await start(authority.issue('IP:127.0.0.1'), authority.caFile);
    await using broker = server.connect('127.0.0.1');
    const becomes = patient(patienceMs);

    await becomes(() => refuses(broker));

    setDefaultCACertificates([...getCACertificates('default'), readFileSync(authority.caFile, 'utf8')]);
    await becomes(() => broker.declare([{ name: topic, groups: ['mail'] }]));
    const seen: string[] = [];
    broker.subscribe({
      topic,
      group: 'mail',
      handle: oneByOne(({ body }) => void seen.push(Buffer.from(body).toString())),
    });
    await becomes(() => publish(broker, 'secret'));
    await becomes(async () => assert.ok(seen.includes('secret')));

    await using stranger = server.connect('localhost');
    await becomes(() => refuses(stranger));
    assert.ok(!seen.includes('refused'));
  });
}

async function refuses(broker: Broker): Promise<void> {
  await assert.rejects(publish(broker, 'refused'), (error) => {
    assert.equal(codeOf(error), 'MESSAGING_BROKER_UNAVAILABLE');
    assert.match(messageOf(error), /certificate/i);
    return true;
  });
}

function publish(broker: Broker, text: string): Promise<void> {
  const record = { attributes: { id: text }, body: Buffer.from(text) };
  return broker.publish({ topic, lane: 0, key: 'k', id: text, record });
}

function patient(patienceMs: number): (work: () => Promise<unknown>) => Promise<void> {
  return async (work) => {
    const giveUpAt = systemClock.monotonicMs() + patienceMs;
    for (;;) {
      try {
        await work();
        return;
      } catch (error) {
        if (systemClock.monotonicMs() > giveUpAt) throw error;
        await wait(systemClock, 50);
      }
    }
  };
}
