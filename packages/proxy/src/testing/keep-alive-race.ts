import type { Random } from '@dure/core';
import { systemClock, wait } from '@dure/core';
import { rawClient } from './raw-client.ts';
import { within } from './until.ts';

/** What clients do that keep a connection. */
export interface KeepAliveRace {
  readonly port: number;
  readonly clients: number;
  /** Requests of each client. */
  readonly rounds: number;
  /** How long a connection has been idle when the next request is sent, give or take 5 ms; 0 opens a new one for each. */
  readonly idleMs: number;
  /** Pauses without keeping a connection: another has to be kept beyond the proxy. */
  readonly pauseMs?: number;
  readonly random: Random;
}

const post = (close: boolean) =>
  `POST /orders HTTP/1.1\r\nHost: shop\r\ncontent-type: application/json\r\ncontent-length: 2\r\n${close ? 'connection: close\r\n' : ''}\r\n{}`;

/** Sends POSTs at the moment at which a kept connection may be closed; answers what went wrong, and how many were sent. */
export async function keepAliveRace(
  race: KeepAliveRace,
): Promise<{ sent: number; reused: number; failures: string[] }> {
  const failures: string[] = [];
  const counts = { sent: 0, reused: 0 };
  const keeps = race.pauseMs === undefined;
  const client = async () => {
    let connection = rawClient(race.port);
    for (let round = 0; round < race.rounds; round += 1) {
      if (!keeps || connection.isClosed()) connection = rawClient(race.port);
      else if (round > 0) counts.reused += 1;
      const heard = connection.received().length;
      counts.sent += 1;
      connection.send(post(!keeps));
      const isAnswered = () => connection.received().slice(heard).endsWith('\r\n\r\nok');
      await within(5_000, () => isAnswered() || connection.isClosed());
      const answer = connection.received().slice(heard);
      if (!isAnswered() || !answer.startsWith('HTTP/1.1 200')) failures.push(answer.slice(0, 80) || 'no answer');
      const jitterMs = race.random.next() * 10 - 5;
      await wait(systemClock, (race.pauseMs ?? race.idleMs) + jitterMs);
    }
    connection.socket.destroy();
  };
  await Promise.all(Array.from({ length: race.clients }, client));
  return { ...counts, failures };
}
