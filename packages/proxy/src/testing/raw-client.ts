import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { systemClock } from '@dure/core';
import { until } from './until.ts';

/** A client that sends bytes, not requests. */
export interface RawClient {
  readonly socket: Socket;
  /** Everything received so far, as latin-1. */
  readonly received: () => string;
  readonly isClosed: () => boolean;
  /** Whether the other side closes within a time. */
  closesWithin(limitMs: number): Promise<boolean>;
  send(text: string): void;
  /** Resolves when what was received contains the text. */
  hears(text: string): Promise<void>;
  /** Resolves, with everything received, when the other side has closed. */
  ended(): Promise<string>;
}

/** Connects to a port of this machine. */
export function rawClient(port: number): RawClient {
  const socket = connect({ host: '127.0.0.1', port });
  let received = '';
  let closed = false;
  let onClosed: () => void = () => {};
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1');
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
    onClosed();
  });
  return {
    socket,
    received: () => received,
    isClosed: () => closed,
    closesWithin(limitMs) {
      if (closed) return Promise.resolve(true);
      return new Promise((resolve) => {
        const limit = systemClock.after(limitMs, () => resolve(false));
        onClosed = () => {
          limit.cancel();
          resolve(true);
        };
      });
    },
    send: (text) => void socket.write(text, 'latin1'),
    hears: (text) => until(`"${text}" is received`, () => received.includes(text)),
    async ended() {
      await until('the connection is closed', () => closed);
      return received;
    },
  };
}

/** Sends one text and answers with everything that came back until the other side closed. */
export function sendRaw(port: number, text: string): Promise<string> {
  const client = rawClient(port);
  client.send(text);
  return client.ended();
}
