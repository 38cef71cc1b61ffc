import assert from 'node:assert/strict';
import fc from 'fast-check';
import { change, changed } from './mutations.ts';
import { openGateway } from './open-gateway.ts';
import { localInstance } from './open-proxy.ts';
import { rawClient } from './raw-client.ts';
import { recordingUpstream } from './recording-upstream.ts';
import type { StrictRequest } from './strict-request.ts';
import { readStrictly } from './strict-request.ts';
import { things } from './test-contract.ts';
import { changesOfRequest } from './transparency.ts';
import { validRequest } from './valid-messages.ts';

const last = '\r\n\r\nGET /things/last HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n';

export interface FuzzFigures {
  streams: number;
  /** Streams that are wholly valid, for all their changes. */
  valid: number;
  forwarded: number;
}

/**
 * Sends so many rows of valid requests, each with a few random changes, through a gateway. Only what the strict reader takes
 * for a request may reach the instance, and it must be what was sent but for what is documented.
 */
export async function fuzzGateway(numRuns: number, seed: number): Promise<FuzzFigures> {
  const figures: FuzzFigures = { streams: 0, valid: 0, forwarded: 0 };
  await using upstream = await recordingUpstream();
  await using gateway = await openGateway({ exposes: [things], breaker: 'off' });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  let before: readonly StrictRequest[] = [];
  const stream = fc.tuple(
    fc.array(validRequest, { minLength: 1, maxLength: 3 }),
    fc.array(change, { minLength: 1, maxLength: 5 }),
  );
  await fc.assert(
    fc.asyncProperty(stream, async ([requests, changes]) => {
      const bytes = changes.reduce(changed, requests.map((request) => request.bytes).join('')) + last;
      const { requests: sent, left, wrong } = readStrictly(bytes);
      const client = rawClient(gateway.port);
      client.send(bytes);
      if (left !== '' && wrong === undefined) client.socket.end();
      assert.ok(await client.closesWithin(5_000), 'the connection is left open');
      const arrived = upstream.arrived.splice(0);
      assert.deepEqual(
        arrived.filter((one) => !isOneOf(one, sent) && !isOneOf(one, before)),
        [],
      );
      assert.ok(arrived.length <= sent.length + before.length);
      assert.deepEqual(upstream.wrong, []);
      // What a client has left while it was under way may still arrive.
      before = sent;
      figures.streams += 1;
      figures.valid += wrong === undefined && left === '' ? 1 : 0;
      figures.forwarded += arrived.length;
    }),
    { numRuns, seed },
  );
  return figures;
}

function isOneOf(arrived: StrictRequest, sent: readonly StrictRequest[]): boolean {
  return sent.some((one) => changesOfRequest(one, arrived).length === 0);
}
