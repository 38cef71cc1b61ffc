import type { Socket as DatagramSocket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer, isIPv6 } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '@dure/core';
import { messageOf } from '@dure/core';
import { registryErrors } from '../../errors.ts';
import { largestQueryBytes, largestStreamedBytes } from './dns-message.ts';

/** How a query came in. */
export type DnsTransport = 'udp' | 'tcp';

/** Answers a query, or does not; never throws. */
export type DnsResponder = (packet: Buffer, transport: DnsTransport) => Buffer | undefined;

/** What a server needs. */
export interface DnsServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly respond: DnsResponder;
  readonly clock: Clock;
}

/** A server that listens. */
export interface DnsServer {
  readonly port: number;
  close(): Promise<void>;
}

const mostConnections = 100;
/** How long a connection may be without a whole query. */
const idleMs = 10_000;
/** How often any free port is tried whose like the other transport must find free too. */
const attempts = 10;

/** Listens over UDP and TCP on the same port. REGISTRY_DNS_LISTEN_FAILED. */
export async function openDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const { host, port } = options;
  for (let attempt = 1; ; attempt += 1) {
    const streams = streamServer(options);
    const datagrams = datagramSocket(options);
    let transport: DnsTransport = 'tcp';
    try {
      await once(streams.server.listen({ host, port }), 'listening');
      transport = 'udp';
      const { port: bound } = streams.server.address() as AddressInfo;
      await once(datagrams.bind({ address: host, port: bound }), 'listening');
      return { port: bound, close: () => closeAll(streams, datagrams) };
    } catch (error) {
      await closeAll(streams, datagrams);
      if (port !== 0 || attempt === attempts) throw listenFailure(options, transport, error);
    }
  }
}

function datagramSocket({ host, respond }: DnsServerOptions): DatagramSocket {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  socket.on('error', () => undefined); // after listening: concerns one asker
  return socket.on('message', (packet, from) => {
    const answer = from.port === 0 ? undefined : respond(packet, 'udp');
    if (answer !== undefined) socket.send(answer, from.port, from.address, () => undefined);
  });
}

interface StreamServer {
  readonly server: Server;
  readonly connections: ReadonlySet<Socket>;
}

/** Queries over TCP (RFC 7766): several on one connection, answered in their order, no faster than they are read. */
function streamServer({ respond, clock }: DnsServerOptions): StreamServer {
  const connections = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.add(socket);
    const idle = () => clock.after(idleMs, () => socket.destroy());
    let timer = idle();
    const heard = () => {
      timer.cancel();
      timer = idle();
    };
    const end = () => {
      timer.cancel();
      socket.destroy();
      connections.delete(socket);
    };
    pipeline(socket, (queries: AsyncIterable<Buffer>) => answersTo(queries, respond, heard), socket).then(end, end);
  });
  server.maxConnections = mostConnections;
  server.on('error', () => undefined); // after listening: concerns one asker
  return { server, connections };
}

/** Each message has its length before it, in two bytes. */
async function* answersTo(queries: AsyncIterable<Buffer>, respond: DnsResponder, heard: () => void) {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of queries) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 2) {
      const end = 2 + rest.readUInt16BE(0);
      if (end > 2 + largestQueryBytes) return;
      if (rest.length < end) break;
      heard();
      const answer = respond(rest.subarray(2, end), 'tcp');
      rest = rest.subarray(end);
      if (answer !== undefined && answer.length <= largestStreamedBytes) yield framed(answer);
    }
  }
}

function framed(answer: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(answer.length);
  return Buffer.concat([length, answer]);
}

async function closeAll({ server, connections }: StreamServer, datagrams: DatagramSocket): Promise<void> {
  for (const connection of connections) connection.destroy();
  await Promise.all([
    new Promise<void>((resolve) => server.close(() => resolve())),
    new Promise<void>((resolve) => datagrams.close(() => resolve())),
  ]);
}

function listenFailure({ host, port }: DnsServerOptions, transport: DnsTransport, cause: unknown) {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : messageOf(cause);
  const why = code === 'EADDRINUSE' ? 'another process holds it' : code;
  return registryErrors.DNS_LISTEN_FAILED(
    `DNS cannot listen on ${host}:${port} (${transport.toUpperCase()}): ${why}; stop that process, or give \`dns\` another port`,
    { cause, details: { host, port, transport, code } },
  );
}
