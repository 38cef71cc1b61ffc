import type { Random } from '@dure/core';

/** What is needed of a client library. */
export interface WireClient {
  readonly isReady: boolean;
  send(command: readonly string[]): Promise<unknown>;
  /** Whether an error is the server's own word, and not that there was none. */
  isAnswer(error: unknown): boolean;
  close(): void;
}

export interface WireOptions {
  readonly url: string;
  readonly random: Random;
  readonly onConnected: () => void;
  readonly onDisconnected: (error: unknown) => void;
}

/** Commands under way at once; more would only pile up behind a server that hangs. */
const mostCommands = 10_000;
const connectTimeoutMs = 2_000;
/** A connection that is dead without having been closed is noticed by its silence. */
const pingEveryMs = 5_000;
const longestSilenceMs = 12_000;
const longestPauseMs = 2_000;

/**
 * Begins to connect with the official client (node-redis) and reconnects for ever, after a pause that grows and is drawn,
 * so that not all processes come back at once. Nothing waits for a connection: a command without one fails at once.
 */
export async function connectWire({ url, random, onConnected, onDisconnected }: WireOptions): Promise<WireClient> {
  const { createClient, ErrorReply } = await import('@redis/client');
  const client = createClient({
    url,
    // The older protocol, which every server since Redis 6 and each of its relatives speaks.
    RESP: 2,
    disableOfflineQueue: true,
    commandsQueueMaxLength: mostCommands,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    pingInterval: pingEveryMs,
    socket: {
      connectTimeout: connectTimeoutMs,
      socketTimeout: longestSilenceMs,
      reconnectStrategy: (retries) =>
        Math.min(longestPauseMs, 50 * 2 ** Math.min(retries, 6)) * (0.5 + random.next() / 2),
    },
  });
  let isTold = false;
  client.on('ready', () => {
    isTold = false;
    onConnected();
  });
  client.on('error', (error: unknown) => {
    if (!isTold) onDisconnected(error);
    isTold = true;
  });
  // It rejects only when it is closed before there was a connection.
  client.connect().catch(() => {});
  return {
    get isReady() {
      return client.isReady;
    },
    send: (command) => client.sendCommand(command),
    isAnswer: (error) => error instanceof ErrorReply,
    close() {
      if (client.isOpen) client.destroy();
    },
  };
}
