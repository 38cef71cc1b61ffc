import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DnsResolver } from '../dns/dns-resolver.port.ts';
import type { DnsZone } from './memory-dns.ts';

/** What every `DnsResolver` promises. Call it at the top level of a test file. */
export function dnsResolverContract(
  name: string,
  open: (zone: DnsZone) => Promise<{ readonly resolver: DnsResolver; close(): Promise<void> }>,
): void {
  const zone: DnsZone = {
    srv: {
      '_http._tcp.stock.example': [
        { target: 'a.example', port: 7001, priority: 1, weight: 5 },
        { target: 'b.example', port: 7002, priority: 2, weight: 0 },
      ],
    },
    addresses: {
      'a.example': [
        { address: '192.0.2.1', ttlMs: 5_000 },
        { address: '192.0.2.2', ttlMs: 5_000 },
      ],
      'b.example': [{ address: '2001:db8::1', ttlMs: 60_000 }],
    },
  };
  const withResolver = (run: (resolver: DnsResolver) => Promise<void>) => async () => {
    const { resolver, close } = await open(zone);
    try {
      await run(resolver);
    } finally {
      await close();
    }
  };
  describe(`${name} keeps the resolver's promises`, () => {
    test(
      'SRV records come whole',
      withResolver(async (resolver) => {
        const records = [...(await resolver.srv('_http._tcp.stock.example'))];
        assert.deepEqual(
          records.sort((a, b) => a.priority - b.priority),
          zone.srv['_http._tcp.stock.example'],
        );
      }),
    );
    test(
      'addresses come with their time to live, IPv6 where there is no IPv4',
      withResolver(async (resolver) => {
        const records = [...(await resolver.addresses('a.example'))];
        assert.deepEqual(
          records.sort((a, b) => (a.address < b.address ? -1 : 1)),
          zone.addresses['a.example'],
        );
        assert.deepEqual(await resolver.addresses('b.example'), zone.addresses['b.example']);
      }),
    );
    test(
      'a name without records rejects',
      withResolver(async (resolver) => {
        await assert.rejects(resolver.srv('_http._tcp.nobody.example'));
        await assert.rejects(resolver.addresses('nobody.example'));
      }),
    );
  });
}
