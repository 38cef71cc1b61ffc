import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { Random } from '@dure/core';
import { systemClock, wait } from '@dure/core';

/** What clients do that ask again and again. */
export interface KeepAliveRace {
  readonly port: number;
  readonly clients: number;
  /** Requests of each client. */
  readonly rounds: number;
  /** The pause before the next request, give or take 5 ms. */
  readonly pauseMs: number;
  /** Whether clients keep their connections, or open a new one for each request. */
  readonly keeps: boolean;
  readonly random: Random;
}

export interface RaceReport {
  readonly sent: number;
  /** Requests that went over a connection that was kept. */
  readonly reused: number;
  readonly failures: readonly string[];
}

const answerMs = 10_000;

/** Sends POSTs at the moment at which a kept connection may be closed. */
export async function keepAliveRace(race: KeepAliveRace): Promise<RaceReport> {
  const failures: string[] = [];
  const counts = { sent: 0, reused: 0 };
  const client = async () => {
    let socket: Socket | undefined;
    for (let round = 0; round < race.rounds; round += 1) {
      counts.sent += 1;
      if (socket === undefined || !socket.writable) socket = opened(race.port);
      else counts.reused += 1;
      const answer = await posted(socket, race.keeps);
      if (!/^HTTP\/1\.1 200 .*\r\n\r\nok$/s.test(answer)) failures.push(answer.slice(0, 80) || 'no answer');
      if (!race.keeps) socket = undefined;
      await wait(systemClock, race.pauseMs + race.random.next() * 10 - 5);
    }
    socket?.destroy();
  };
  await Promise.all(Array.from({ length: race.clients }, client));
  return { ...counts, failures };
}

function opened(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', () => {});
  return socket;
}

/** What was answered, as far as it came. */
function posted(socket: Socket, keeps: boolean): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = '';
  const end = () => {
    late.cancel();
    socket.off('data', hear).off('close', end);
    resolve(answer);
  };
  const hear = (bytes: Buffer) => {
    answer += bytes.toString('latin1');
    if (answer.endsWith('\r\n\r\nok')) end();
  };
  const late = systemClock.after(answerMs, end);
  socket.on('data', hear).on('close', end);
  socket.write(
    `POST /orders HTTP/1.1\r\nHost: shop\r\ncontent-type: application/json\r\ncontent-length: 2\r\n${keeps ? '' : 'connection: close\r\n'}\r\n{}`,
  );
  return promise;
}
