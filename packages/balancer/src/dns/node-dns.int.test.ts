import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { isIPv4 } from 'node:net';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { dnsResolverContract } from '../testing/dns-resolver-contract.ts';
import type { DnsZone } from '../testing/memory-dns.ts';
import { nodeDns } from './node-dns.ts';

dnsResolverContract('nodeDns', async (zone) => {
  const server = createSocket('udp4');
  server.on('message', (question, from) => server.send(answerOf(zone, question), from.port, from.address));
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  return {
    resolver: nodeDns({ servers: [`127.0.0.1:${server.address().port}`] }),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
});

test('impossible options are refused', () => {
  for (const wrong of [{ timeoutMs: 0 }, { tries: 0 }])
    assert.throws(
      () => nodeDns(wrong),
      (error) => codeOf(error) === 'BALANCER_OPTION_INVALID',
    );
});

const types = { a: 1, aaaa: 28, srv: 33 };

/** A name server's answer (RFC 1035), as far as this test needs it. */
function answerOf(zone: DnsZone, question: Buffer): Buffer {
  const { name, end } = nameAt(question, 12);
  const type = question.readUInt16BE(end);
  const data = dataOf(zone, name, type);
  const head = Buffer.from(question.subarray(0, 12));
  head.writeUInt16BE(data.length > 0 ? 0x8180 : 0x8183, 2); // an answer, or: no such name
  head.writeUInt16BE(data.length, 6);
  head.writeUInt32BE(0, 8);
  const records = data.map(({ ttlSeconds, bytes }) => {
    const fixed = Buffer.alloc(12);
    fixed.writeUInt16BE(0xc00c, 0); // the name of the question
    fixed.writeUInt16BE(type, 2);
    fixed.writeUInt16BE(1, 4);
    fixed.writeUInt32BE(ttlSeconds, 6);
    fixed.writeUInt16BE(bytes.length, 10);
    return Buffer.concat([fixed, bytes]);
  });
  return Buffer.concat([head, question.subarray(12, end + 4), ...records]);
}

function dataOf(zone: DnsZone, name: string, type: number): { ttlSeconds: number; bytes: Buffer }[] {
  if (type === types.srv) {
    return (zone.srv[name] ?? []).map(({ target, port, priority, weight }) => {
      const numbers = Buffer.alloc(6);
      numbers.writeUInt16BE(priority, 0);
      numbers.writeUInt16BE(weight, 2);
      numbers.writeUInt16BE(port, 4);
      const labels = target.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
      return { ttlSeconds: 30, bytes: Buffer.concat([numbers, ...labels, Buffer.from([0])]) };
    });
  }
  const wanted = (zone.addresses[name] ?? []).filter(({ address }) => (type === types.a) === isIPv4(address));
  return wanted.map(({ address, ttlMs }) => ({
    ttlSeconds: ttlMs / 1_000,
    bytes: isIPv4(address) ? Buffer.from(address.split('.').map(Number)) : ipv6(address),
  }));
}

/** Of the form `x:y::z`. */
function ipv6(address: string): Buffer {
  const [left = [], right = []] = address.split('::').map((half) => half.split(':'));
  const words = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  return Buffer.from(words.map((word) => word.padStart(4, '0')).join(''), 'hex');
}

function nameAt(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}
